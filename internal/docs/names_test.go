package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// packages are those whose names the pages use, by name.
func packages() map[string]string {
	return map[string]string{
		"hosted": "hosted", "background": "background", "queue": "background/queue", "queuetest": "background/queue/queuetest", "config": "config", "logging": "logging",
		"host": "host", "health": "host/health", "admin": "host/admin", "hosttest": "host/hosttest", "systemd": "host/systemd", "windows": "host/windows", "scope": "hosted/scope", "web": "hosted/web",
		"validate": "config/validate", "traceid": "logging/traceid",
		"telemetry": "host/telemetry", "prometheus": "host/telemetry/prometheus",
	}
}

// parse returns the files of a package, without its tests.
func parse(t *testing.T, folder string) []*ast.File {
	t.Helper()
	names, err := fs.Glob(os.DirFS(filepath.Join(root, folder)), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, folder, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

// exported returns the exported names of a package: Name, Type.Method and
// Type.Field.
func exported(t *testing.T, folder string) map[string]ast.Node {
	t.Helper()
	names := map[string]ast.Node{}
	add := func(node ast.Node, parts ...string) {
		for _, part := range parts {
			if !ast.IsExported(part) {
				return
			}
		}
		names[strings.Join(parts, ".")] = node
	}
	for _, file := range parse(t, folder) {
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d, d.Name.Name)
				} else {
					add(d, typeName(d.Recv.List[0].Type), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					addSpec(add, spec)
				}
			}
		}
	}
	return names
}

func addSpec(add func(ast.Node, ...string), spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			add(s, name.Name)
		}
	case *ast.TypeSpec:
		add(s, s.Name.Name)
		var members *ast.FieldList
		switch t := s.Type.(type) {
		case *ast.StructType:
			members = t.Fields
		case *ast.InterfaceType:
			members = t.Methods
		default:
			return
		}
		for _, member := range members.List {
			for _, name := range member.Names {
				add(member, s.Name.Name, name.Name)
			}
		}
	}
}

func typeName(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr: // a generic type
		return typeName(e.X)
	case *ast.Ident:
		return e.Name
	default:
		return ""
	}
}

// allNames are the exported names of all packages, with the package before them.
func allNames(t *testing.T) map[string]ast.Node {
	t.Helper()
	names := map[string]ast.Node{}
	for name, folder := range packages() {
		for symbol, node := range exported(t, folder) {
			names[name+"."+symbol] = node
		}
	}
	return names
}

// ourName is what in backquotes looks like a name of one of the packages; type
// arguments and a call may follow.
var ourName = regexp.MustCompile("`\\*?((?:hosted|background|queue|queuetest|config|logging|host|health|admin|hosttest|scope|web|systemd|windows|validate|traceid|telemetry|prometheus)\\.[A-Z][\\w.]*)[^`]*`")

func TestNamesExist(t *testing.T) {
	t.Parallel()
	names := allNames(t)
	for _, p := range allPages(t) {
		for _, line := range p.prose() {
			for _, match := range ourName.FindAllStringSubmatch(line, -1) {
				if _, ok := names[match[1]]; !ok {
					t.Errorf("%s: there is no %s", p.path, match[1])
				}
			}
		}
	}
}

func TestEveryDotNetNameHasOneOfOursOrAReason(t *testing.T) {
	t.Parallel()
	rows := tableRows(readPage(t, "docs/reference/dotnet.md"))
	if len(rows) < 100 {
		t.Errorf("only %d rows", len(rows))
	}
	for _, row := range rows {
		if len(row) != 3 {
			t.Errorf("%q: want three columns", row)
			continue
		}
		known := ourName.MatchString(row[1])
		told := strings.HasPrefix(row[1], "not yet") ||
			strings.HasPrefix(row[1], "no counterpart") && row[2] != "" || strings.HasPrefix(row[1], "the same") ||
			strings.Contains(row[1], "`*zap.") || strings.Contains(row[1], "`fx.") || strings.Contains(row[1], "`Logging") || strings.Contains(row[1], "`hostBuilder:")
		if !known && !told {
			t.Errorf("%s: %q says neither what it is here nor why it is not", row[0], row[1])
		}
	}
}

// tableRows are the cells of all tables of a page, without their headings.
func tableRows(p page) [][]string {
	var rows [][]string
	for _, line := range p.prose() {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if strings.HasPrefix(cells[0], "---") {
			rows = rows[:len(rows)-1] // what is above the line is the heading
			continue
		}
		rows = append(rows, cells)
	}
	return rows
}

var inBackquotes = regexp.MustCompile("`([^`]+)`")

// quoted are the texts in backquotes.
func quoted(text string) []string {
	var texts []string
	for _, match := range inBackquotes.FindAllStringSubmatch(text, -1) {
		texts = append(texts, match[1])
	}
	return texts
}
