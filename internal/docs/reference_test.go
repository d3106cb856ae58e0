package docs_test

import (
	"go/ast"
	"go/token"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// compare reports what only one of the two sets has.
func compare(t *testing.T, page string, documented, source []string) {
	t.Helper()
	for _, name := range documented {
		if !slices.Contains(source, name) {
			t.Errorf("%s has %s, the source has not", page, name)
		}
	}
	for _, name := range source {
		if !slices.Contains(documented, name) {
			t.Errorf("%s lacks %s", page, name)
		}
	}
	if len(documented) == 0 {
		t.Errorf("%s: nothing found", page)
	}
}

// section is the part of a page below a heading, up to the next one.
func section(t *testing.T, p page, heading string) page {
	t.Helper()
	start := slices.Index(p.lines, heading)
	if start < 0 {
		t.Fatalf("%s: no heading %q", p.path, heading)
	}
	lines := p.lines[start+1:]
	if end := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, "## ") }); end >= 0 {
		lines = lines[:end]
	}
	return page{path: p.path, lines: lines}
}

// firstColumn are the texts in backquotes in the first column of the tables.
func firstColumn(p page) []string {
	var names []string
	for _, row := range tableRows(p) {
		names = append(names, quoted(row[0])...)
	}
	return names
}

func TestEveryLogRecordIsInTheTable(t *testing.T) {
	t.Parallel()
	p := section(t, readPage(t, "docs/reference/logs.md"), "## Records")
	var documented, documentedFields []string
	for _, row := range tableRows(p) {
		for _, message := range quoted(row[0]) {
			documented = append(documented, row[1]+" "+message)
		}
		documentedFields = append(documentedFields, quoted(row[2])...)
	}
	source := logCalls{}
	for _, folder := range []string{"hosted", "hosted/scope", "hosted/web", "host", "host/systemd", "host/health", "host/admin", "host/telemetry", "background", "background/queue", "config", "logging"} {
		for _, file := range parse(t, folder) {
			for _, declaration := range file.Decls {
				if function, ok := declaration.(*ast.FuncDecl); ok {
					source.collect(function)
				}
			}
		}
	}
	compare(t, p.path, documented, slices.Sorted(maps.Keys(source)))

	fieldsPage := section(t, readPage(t, "docs/reference/logs.md"), "## Fields")
	documentedFields = slices.Compact(slices.Sorted(slices.Values(documentedFields)))
	compare(t, p.path+" (fields)", documentedFields, firstColumn(fieldsPage))
	constants := fieldKeys(t)
	for _, field := range documentedFields {
		// The count of failures is in one record only.
		if field != "failures" && !slices.Contains(constants, field) {
			t.Errorf("%s: package fields has no %q", p.path, field)
		}
	}
}

// logCalls are the records that the source writes: "level message".
type logCalls map[string]bool

// collect finds calls of Debug, Info, Warn, Error and Check of what ends in log.
func (c logCalls) collect(function *ast.FuncDecl) {
	ast.Inspect(function, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || lastName(method.X) != "log" || len(call.Args) == 0 {
			return true
		}
		level, message := strings.ToLower(method.Sel.Name), call.Args[0]
		if level == "check" {
			level, message = strings.ToLower(strings.TrimSuffix(lastName(call.Args[0]), "Level")), call.Args[1]
		}
		if !slices.Contains([]string{"trace", "debug", "info", "warn", "error"}, level) {
			return true
		}
		for _, text := range texts(function, message) {
			c[level+" "+text] = true
		}
		return true
	})
}

// texts are the values of a string: its own, or those assigned to the variable.
func texts(function *ast.FuncDecl, expression ast.Expr) []string {
	if literal, ok := expression.(*ast.BasicLit); ok && literal.Kind == token.STRING {
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			return []string{err.Error()}
		}
		return []string{text}
	}
	variable, ok := expression.(*ast.Ident)
	if !ok {
		return []string{"a message that is no constant"}
	}
	var values []string
	ast.Inspect(function, func(node ast.Node) bool {
		if assign, ok := node.(*ast.AssignStmt); ok && len(assign.Lhs) == 1 && lastName(assign.Lhs[0]) == variable.Name {
			values = append(values, texts(function, assign.Rhs[0])...)
		}
		return true
	})
	return values
}

// lastName is c of a.b.c.
func lastName(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	default:
		return ""
	}
}

// fieldKeys are the constants of package fields.
func fieldKeys(t *testing.T) []string {
	t.Helper()
	var keys []string
	for _, file := range parse(t, "internal/fields") {
		ast.Inspect(file, func(node ast.Node) bool {
			if value, ok := node.(*ast.ValueSpec); ok {
				keys = append(keys, texts(nil, value.Values[0])...)
			}
			return true
		})
	}
	return keys
}

func TestEverySettingIsInATable(t *testing.T) {
	t.Parallel()
	p := readPage(t, "docs/reference/settings.md")

	lower := func(name string) string { return strings.ToLower(name[:1]) + name[1:] }
	var options []string
	for _, name := range fieldsOf(t, "host", "optionKeys") {
		if name == "HostBuilder" {
			for _, name := range fieldsOf(t, "host", "hostBuilderKeys") {
				options = append(options, "hostBuilder:"+lower(name))
			}
			continue
		}
		options = append(options, lower(name))
	}
	compare(t, "Options of the host", firstColumn(section(t, p, "## Options of the host")), options)

	compare(t, "Settings of one job", firstColumn(section(t, p, "## Settings of one job")), fieldsOf(t, "background", "jobSettings"))

	var servers []string
	for _, name := range fieldsOf(t, "hosted/web", "Settings") {
		servers = append(servers, serverKeys(t, name)...)
	}
	compare(t, "Settings of a server", firstColumn(section(t, p, "## Settings of a server")), servers)

	var environment []string
	for _, file := range parse(t, "host") {
		ast.Inspect(file, func(node ast.Node) bool {
			if call, ok := node.(*ast.CallExpr); ok && lastName(call.Fun) == "get" {
				environment = append(environment, texts(nil, call.Args[0])...)
			}
			return true
		})
	}
	compare(t, "Environment", firstColumn(section(t, p, "## Environment")), environment)

	var logging []string
	for _, name := range fieldsOf(t, "logging", "section") {
		switch name {
		case "LogLevel":
			logging = append(logging, "Logging:LogLevel:Default", "Logging:LogLevel:PREFIX")
		case "Console":
			logging = append(logging, keysOf(t, "Logging:Console:", "console")...)
		case "File":
			logging = append(logging, keysOf(t, "Logging:File:", "file")...)
		case "Sampling":
			logging = append(logging, keysOf(t, "Logging:Sampling:", "sampling")...)
		case "Other": // the providers of .NET that are not here
			logging = append(logging, "Logging:PROVIDER")
		default:
			logging = append(logging, "Logging:"+name)
		}
	}
	compare(t, "Logging", firstColumn(section(t, p, "## Logging")), logging)
}

// serverKeys are the keys of a field of web.Settings.
func serverKeys(t *testing.T, name string) []string {
	t.Helper()
	of := map[string]string{"Certificate": "Certificate", "Limits": "Limits", "Limits:MinRequestBodyDataRate": "DataRate"}[name]
	if of == "" {
		return []string{name}
	}
	var keys []string
	for _, field := range fieldsOf(t, "hosted/web", of) {
		keys = append(keys, serverKeys(t, name+":"+field)...)
	}
	return keys
}

// keysOf are the keys of a section of Logging.
func keysOf(t *testing.T, prefix, name string) []string {
	t.Helper()
	var keys []string
	for _, field := range fieldsOf(t, "logging", name) {
		switch field {
		case "LogLevel":
			keys = append(keys, prefix+"LogLevel:PREFIX")
		case "FormatterOptions":
			keys = append(keys, keysOf(t, prefix+"FormatterOptions:", "formatterOptions")...)
		default:
			keys = append(keys, prefix+field)
		}
	}
	return keys
}

// fieldsOf are the fields of a struct type.
func fieldsOf(t *testing.T, folder, name string) []string {
	t.Helper()
	var names []string
	for _, file := range parse(t, folder) {
		ast.Inspect(file, func(node ast.Node) bool {
			spec, ok := node.(*ast.TypeSpec)
			if !ok || spec.Name.Name != name {
				return true
			}
			for _, field := range spec.Type.(*ast.StructType).Fields.List {
				for _, name := range field.Names {
					names = append(names, name.Name)
				}
			}
			return false
		})
	}
	return names
}

func TestEveryOptionIsInATable(t *testing.T) {
	t.Parallel()
	p := readPage(t, "docs/reference/settings.md")
	for heading, of := range map[string]struct{ folder, result string }{
		"## Options of one service":       {"hosted", "ServiceOption"},
		"## Options of one job":           {"background", "JobOption"},
		"## Options under systemd":        {"host/systemd", "Option"},
		"## Options of a Windows service": {"host/windows", "Option"},
		"## Options of a server":          {"hosted/web", "Option"},
		"## Options of a message":         {"background/queue", "Option"},
		"## Options of sending a message": {"background/queue", "SendOption"},
	} {
		var source []string
		for name, node := range exported(t, of.folder) {
			if function, ok := node.(*ast.FuncDecl); ok && function.Recv == nil && function.Type.Results != nil {
				if result, ok := function.Type.Results.List[0].Type.(*ast.Ident); ok && result.Name == of.result {
					source = append(source, path.Base(of.folder)+"."+name)
				}
			}
		}
		compare(t, heading, firstColumn(section(t, p, heading)), source)
	}

	for heading, of := range map[string]struct{ folder, name string }{
		"## Options of hosted.Module": {"hosted", "Options"},
		"## Options of a task queue":  {"background/queue", "TaskQueueOptions"},
	} {
		var source []string
		for _, field := range fieldsOf(t, of.folder, of.name) {
			source = append(source, path.Base(of.folder)+"."+of.name+"."+field)
		}
		compare(t, heading, firstColumn(section(t, p, heading)), source)
	}
}

var errorName = regexp.MustCompile(`\.Err[A-Z]\w*$|\.\w+Error$|\.StopReason$|\.StopSignal$`)

func TestEveryErrorIsInTheTable(t *testing.T) {
	t.Parallel()
	var source []string
	for name, node := range allNames(t) {
		switch node.(type) {
		case *ast.ValueSpec, *ast.TypeSpec:
			if errorName.MatchString(name) {
				source = append(source, name)
			}
		}
	}
	p := section(t, readPage(t, "docs/reference/errors.md"), "## Errors to choose by")
	compare(t, p.path, firstColumn(p), source)
}
