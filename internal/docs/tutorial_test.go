//go:build unix

package docs_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestTheTutorialWorks does what the tutorial says, block by block, in an empty
// folder: it saves the files, types the commands, presses Ctrl-C, and compares
// what the programs write with what the page shows. Only the module comes from
// this repository, and nothing from the network.
func TestTheTutorialWorks(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds programs")
	}
	r := &reader{t: t, folder: t.TempDir()}
	for _, b := range readPage(t, "docs/tutorial/first-worker.md").blocks {
		r.place = fmt.Sprintf("first-worker.md:%d", b.line)
		switch b.language {
		case "go", "json":
			r.save(filepath.Base(b.from), b.lines)
		case "sh":
			for _, line := range b.lines {
				r.enter(line)
			}
		case "text":
			for _, line := range b.lines {
				r.see(line)
			}
		}
	}
	if r.program != nil {
		t.Error("the tutorial ends before its program does")
	}
}

// reader is somebody who does what the tutorial says.
type reader struct {
	t       *testing.T
	place   string // in the page
	folder  string
	program *program // that runs, or nil
	code    int      // with which the last one ended
}

type program struct {
	command *exec.Cmd
	output  *bufio.Scanner
	seen    []string
}

func (r *reader) fatal(format string, args ...any) {
	r.t.Helper()
	r.t.Fatalf(r.place+": "+format, args...)
}

func (r *reader) save(name string, lines []string) {
	text := strings.Join(lines, "\n") + "\n"
	if err := os.WriteFile(filepath.Join(r.folder, name), []byte(text), 0o600); err != nil {
		r.fatal("%v", err)
	}
}

// enter types a command.
func (r *reader) enter(command string) {
	module, err := filepath.Abs(root)
	if err != nil {
		r.fatal("%v", err)
	}
	words := strings.Fields(command)
	switch {
	case words[0] == "mkdir":
		err = os.Mkdir(filepath.Join(r.folder, words[1]), 0o755)
	case words[0] == "rmdir":
		err = os.Remove(filepath.Join(r.folder, words[1]))
	case words[0] == "rm":
		err = os.RemoveAll(filepath.Join(r.folder, words[2]))
	case words[0] == "touch":
		err = os.WriteFile(filepath.Join(r.folder, words[1]), nil, 0o600)
	case words[0] == "cd":
		r.folder = filepath.Join(r.folder, words[1])
	case command == "go mod tidy":
		err = r.tidy(module)
	case words[0] == "go":
		r.run("go", words[1:]...)
	case strings.HasPrefix(words[0], "./"):
		r.start(words[0], words[1:]...)
	default:
		r.fatal("the test does not know what %q does", command)
	}
	if err != nil {
		r.fatal("%v", err)
	}
}

// tidy stands for go mod tidy: the reader gets fxhost and what it needs from a
// proxy, the test gets it from the repository. The versions of everything else are
// those of its go.mod, all of them: go would look up those that are missing.
func (r *reader) tidy(module string) error {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	_, requirements, _ := strings.Cut(string(mod), "\n") // without its module line
	text := fmt.Sprintf("module example.com/watcher\n%s\nrequire github.com/fxhost/fxhost v0.0.0\n\n"+
		"replace github.com/fxhost/fxhost => %s\n", requirements, module)
	return errors.Join(
		os.WriteFile(filepath.Join(r.folder, "go.mod"), []byte(text), 0o600),
		os.WriteFile(filepath.Join(r.folder, "go.sum"), sums, 0o600))
}

func (r *reader) run(name string, args ...string) {
	command := r.command(name, args...)
	if output, err := command.CombinedOutput(); err != nil {
		r.fatal("%v: %v\n%s", command.Args, err, output)
	}
}

func (r *reader) command(name string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	r.t.Cleanup(cancel)
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = r.folder
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local")
	return command
}

func (r *reader) start(name string, args ...string) {
	read, write, err := os.Pipe()
	if err != nil {
		r.fatal("%v", err)
	}
	command := r.command(filepath.Join(r.folder, name), args...)
	command.Stdout, command.Stderr = write, write
	err = errors.Join(command.Start(), write.Close())
	if err != nil {
		r.fatal("%v", err)
	}
	r.t.Cleanup(func() { _ = read.Close() })
	r.program = &program{command: command, output: bufio.NewScanner(io.Reader(read))}
}

// see compares a line of a terminal: "$ " begins a command, "^C" is Ctrl-C, and
// all others are written by the program, maybe with others in between.
func (r *reader) see(line string) {
	command, typed := strings.CutPrefix(line, "$ ")
	switch {
	case typed && command == "echo $?":
		r.end()
	case typed:
		r.enter(command)
	case line == "^C":
		if err := r.program.command.Process.Signal(syscall.SIGINT); err != nil {
			r.fatal("%v", err)
		}
	case r.program == nil:
		if line != fmt.Sprint(r.code) {
			r.fatal("exit code %d, the page shows %s", r.code, line)
		}
	default:
		r.wait(line)
	}
}

func (r *reader) wait(line string) {
	for r.program.output.Scan() {
		r.program.seen = append(r.program.seen, r.program.output.Text())
		if alike(r.program.output.Text(), line) {
			return
		}
	}
	r.fatal("the program did not write\n%s\nbut\n%s", line, strings.Join(r.program.seen, "\n"))
}

func (r *reader) end() {
	for r.program.output.Scan() {
	}
	var failed *exec.ExitError
	if err := r.program.command.Wait(); err != nil && !errors.As(err, &failed) {
		r.fatal("%v", err)
	}
	r.code = r.program.command.ProcessState.ExitCode()
	r.program = nil
}

var (
	aTime  = regexp.MustCompile(`^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)`)
	varies = regexp.MustCompile(`("(elapsed|content_root)": |"files": \[)"[^"]*"`)
)

// alike tells whether a line is the shown one, at another time and place. "..."
// in the shown one stands for anything.
func alike(line, shown string) bool {
	same := func(line string) string {
		return varies.ReplaceAllString(aTime.ReplaceAllString(line, "TIME"), "$1_")
	}
	pattern := strings.ReplaceAll(regexp.QuoteMeta(same(shown)), `\.\.\.`, ".*")
	return regexp.MustCompile("^" + pattern + "$").MatchString(same(line))
}
