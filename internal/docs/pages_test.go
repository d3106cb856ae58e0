// Package docs_test keeps README and docs true: their code is cut from files of
// the repository, their names, settings and log records are those of the source,
// their links lead somewhere, and the tutorial is done as it is written.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// page is a markdown file of the repository.
type page struct {
	path   string // from the root, with slashes
	lines  []string
	blocks []block
}

// block is a fenced code block.
type block struct {
	language string
	from     string // the file it is cut from, "" if it does not say
	line     int    // of its fence
	lines    []string
}

var fromComment = regexp.MustCompile(`^<!-- from (\S+) -->$`)

func readPage(t *testing.T, path string) page {
	t.Helper()
	p := page{path: path, lines: readLines(t, path)}
	for i := 0; i < len(p.lines); i++ {
		language, isFence := strings.CutPrefix(p.lines[i], "```")
		if !isFence {
			continue
		}
		b := block{language: language, line: i + 1}
		if i > 0 {
			if match := fromComment.FindStringSubmatch(p.lines[i-1]); match != nil {
				b.from = match[1]
			}
		}
		for i++; i < len(p.lines) && p.lines[i] != "```"; i++ {
			b.lines = append(b.lines, p.lines[i])
		}
		p.blocks = append(p.blocks, b)
	}
	return p
}

func readLines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func allPages(t *testing.T) []page {
	t.Helper()
	pages := []page{readPage(t, "README.md"), readPage(t, "CHANGELOG.md"), readPage(t, "CONTRIBUTING.md")}
	err := fs.WalkDir(os.DirFS(root), "docs", func(path string, _ fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, readPage(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

// prose are the lines outside of code blocks.
func (p page) prose() []string {
	var lines []string
	inside := false
	for _, line := range p.lines {
		if strings.HasPrefix(line, "```") {
			inside = !inside
		} else if !inside {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestCodeIsCutFromFiles(t *testing.T) {
	t.Parallel()
	for _, p := range allPages(t) {
		for _, b := range p.blocks {
			switch b.language {
			case "go", "json", "yaml":
				if b.from == "" {
					t.Errorf("%s:%d: the line before the block must be <!-- from FILE -->", p.path, b.line)
				} else if !isCut(b.lines, readLines(t, b.from)) {
					t.Errorf("%s:%d: this is not a run of lines of %s", p.path, b.line, b.from)
				}
			case "sh", "text":
				if b.from != "" && !isCut(b.lines, readLines(t, b.from)) {
					t.Errorf("%s:%d: this is not a run of lines of %s", p.path, b.line, b.from)
				}
			default:
				t.Errorf("%s:%d: language %q: want go, json, yaml, sh or text", p.path, b.line, b.language)
			}
		}
	}
}

// isCut tells whether lines are lines of file that follow each other, apart from
// the indentation that they have in common.
func isCut(lines, file []string) bool {
	lines = dedent(lines)
	for i := 0; i+len(lines) <= len(file); i++ {
		if slices.Equal(lines, dedent(file[i:i+len(lines)])) {
			return true
		}
	}
	return false
}

func dedent(lines []string) []string {
	indentation := -1
	for _, line := range lines {
		if trimmed := strings.TrimLeft(line, "\t "); trimmed != "" {
			if n := len(line) - len(trimmed); indentation < 0 || n < indentation {
				indentation = n
			}
		}
	}
	var result []string
	for _, line := range lines {
		result = append(result, line[min(max(indentation, 0), len(line)):])
	}
	return result
}

func TestACutIsARunOfLines(t *testing.T) {
	t.Parallel()
	file := []string{"func f() {", "\tif x {", "\t\treturn", "\t}", "}"}
	for _, c := range []struct {
		lines []string
		want  bool
	}{
		{file, true},
		{[]string{"if x {", "\treturn", "}"}, true},
		{[]string{"if x {", "return", "}"}, false},
		{[]string{"if x {", "}"}, false},
		{[]string{"return nil"}, false},
	} {
		if got := isCut(c.lines, file); got != c.want {
			t.Errorf("isCut(%q) = %v", c.lines, got)
		}
	}
}

var makeCommand = regexp.MustCompile("(?m)^\\s*make ([a-z-]+)|`make ([a-z-]+)`")

func TestMakeTargetsExist(t *testing.T) {
	t.Parallel()
	makefile := strings.Join(readLines(t, "Makefile"), "\n")
	for _, p := range allPages(t) {
		text := strings.Join(p.lines, "\n")
		for _, match := range makeCommand.FindAllStringSubmatch(text, -1) {
			target := match[1] + match[2]
			if !strings.Contains(makefile, "\n"+target+":") {
				t.Errorf("%s: the Makefile has no target %q", p.path, target)
			}
		}
	}
}

var modules = regexp.MustCompile(`(?m)^MODULES := (.*)$`)

// What the Makefile builds, tests and checks is all there is.
func TestTheMakefileNamesEveryModule(t *testing.T) {
	t.Parallel()
	match := modules.FindStringSubmatch(strings.Join(readLines(t, "Makefile"), "\n"))
	if match == nil {
		t.Fatal("the Makefile has no MODULES")
	}
	var source []string
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.Name() == "go.mod" {
			source = append(source, filepath.ToSlash(filepath.Dir(path)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "Makefile", strings.Fields(match[1]), source)
}

var (
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	notInAnURL = regexp.MustCompile("[^a-z0-9 _-]")
)

func TestLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	for _, p := range allPages(t) {
		for _, match := range link.FindAllStringSubmatch(strings.Join(p.prose(), "\n"), -1) {
			if strings.HasPrefix(match[1], "https://") {
				continue
			}
			path, anchor, _ := strings.Cut(match[1], "#")
			target := p.path
			if path != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(p.path), path))
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: link to %s: %v", p.path, match[1], err)
			} else if anchor != "" && !slices.Contains(anchors(readPage(t, target)), anchor) {
				t.Errorf("%s: link to %s: no such heading", p.path, match[1])
			}
		}
	}
}

// anchors are the names by which the headings of a page can be linked to.
func anchors(p page) []string {
	var names []string
	for _, line := range p.prose() {
		if strings.HasPrefix(line, "#") {
			heading := strings.ToLower(strings.TrimLeft(line, "# "))
			names = append(names, strings.ReplaceAll(notInAnURL.ReplaceAllString(heading, ""), " ", "-"))
		}
	}
	return names
}
