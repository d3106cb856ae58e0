package config_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fxhost/fxhost/config"
)

const (
	asJSON = `{"Worker": {"Interval": "5s", "Retries": 3, "Rate": 0.5, "On": true, "Big": 9007199254740993, "Tags": ["a", "b"]}}`
	asYAML = "Worker:\n  Interval: 5s\n  Retries: 3\n  Rate: 0.5\n  On: true\n  Big: 9007199254740993\n  Tags: [a, b]\n"
	asTOML = "[Worker]\nInterval = '5s'\nRetries = 3\nRate = 0.5\nOn = true\nBig = 9007199254740993\nTags = ['a', 'b']\n"
)

func TestAllFormatsReadTheSame(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"a.json": asJSON, "a.yaml": asYAML, "a.YML": asYAML, "a.toml": asTOML,
		"bom.json": "\uFEFF" + asJSON, "bom.yaml": "\uFEFF" + asYAML, "bom.toml": "\uFEFF" + asTOML,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, filepath.Join(t.TempDir(), name), content)
			m := load(t, config.File(path))
			for key, want := range map[string]string{
				"Worker:Interval": "5s", "Worker:Retries": "3", "Worker:Rate": "0.5", "Worker:On": "true",
				"Worker:Big": "9007199254740993", "Worker:Tags:1": "b",
			} {
				wantGet(t, m, key, want)
			}
			if got := m.Files(); !slices.Equal(got, []string{path}) {
				t.Errorf("files %q", got)
			}
			if got := m.Children("worker"); !slices.Contains(got, "Interval") {
				t.Errorf("children %q have lost their case", got) // V6
			}
		})
	}
}

func TestDatesOfYAMLAndTOMLAreText(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := load(t,
		config.File(writeFile(t, filepath.Join(dir, "a.yaml"), "Y: 2025-05-01")),
		config.File(writeFile(t, filepath.Join(dir, "a.toml"), "T = 2025-05-01T10:00:00Z\nD = 2025-05-01")),
	)
	wantGet(t, m, "Y", "2025-05-01T00:00:00Z")
	wantGet(t, m, "T", "2025-05-01T10:00:00Z")
	wantGet(t, m, "D", "2025-05-01")
}

func TestYAMLKeysThatAreNoStringsAreText(t *testing.T) {
	t.Parallel()
	m := load(t, config.File(writeFile(t, filepath.Join(t.TempDir(), "a.yaml"), "Codes:\n  404: gone\n  true: yes\n")))
	wantGet(t, m, "Codes:404", "gone")
	wantGet(t, m, "Codes:true", "yes")
}

func TestAMissingOptionalFileIsEmpty(t *testing.T) { // CG-11
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.json")
	m := load(t, config.OptionalFile(path))
	if got := m.Files(); got != nil {
		t.Errorf("files %q, want none", got)
	}

	writeFile(t, path, `{"A": 1}`)
	if err := m.Reload(); err != nil {
		t.Fatal(err)
	}
	wantGet(t, m, "A", "1")
}

func TestAMissingRequiredFileIsNamed(t *testing.T) { // CG-11
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.json")
	_, err := config.New(config.File(path))
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "config: "+path+": ") {
		t.Errorf("error %v", err)
	}
}

func TestAFileThatCannotBeReadIsAnErrorAlsoWhenOptional(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a.json")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := config.New(config.OptionalFile(dir))
	if err == nil || !strings.HasPrefix(err.Error(), "config: "+dir+": ") {
		t.Errorf("error %v, want one that names the directory", err)
	}

	if os.Getuid() <= 0 {
		return // root reads all, and Windows has no modes
	}
	path := writeFile(t, filepath.Join(t.TempDir(), "b.json"), "{}")
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	_, err = config.New(config.OptionalFile(path))
	wantError(t, err, "config: "+path+": permission denied")
}

func TestAFileThatDoesNotParseIsNamedWithThePlace(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, content, want string }{
		{"a.json", "{\n  \"A\": 1,\n  \"B\": x\n}", "line 3, column 8: invalid character 'x' looking for beginning of value"},
		{"a.json", "", "line 1, column 1: unexpected end of JSON input"},
		{"a.json", `{"A": 1} {}`, "line 1, column 10: invalid character '{' after top-level value"},
		{"a.json", "[1]", "the root must be an object, { ... }"},
		{"a.json", "null", "the root must be an object, { ... }"},
		{"a.json", "{\"A\": 1,\n\"A\": 2}", `line 2, column 3: key "A" appears twice`}, // CG-13
		{"a.json", `{"A": 1, "a": 2}`, "line 1: A and line 1: a are the same key; keep one"},
		{"a.json", strings.Repeat("[", 20000), "line 1, column 10001: invalid character '[' exceeded max depth"},
		{"a.yaml", "A: 1\nB: [", "line 2: did not find expected node content"},
		{"a.yaml", "A: 1\nA: 2", `line 2: mapping key "A" already defined at line 1`},
		{"a.yaml", "- 1", "the root must be a mapping of keys to values"},
		{"a.yaml", "hunter2", "the root must be a mapping of keys to values"},
		{"a.yaml", "A: .nan", "line 1: A: NaN is not a number"},
		{"a.toml", "A = 1\nB = \n", "line 2, column 5: incomplete number"},
		{"a.toml", "A = 1\nA = 2", "line 2: key A is already defined"},
		{"a.yaml", "A: b: c", "line 1: mapping values are not allowed in this context"},
		{"a.yaml", "A: 1\nPassword: !!int hunter2", "line 2: cannot decode !!str ... as a !!int"}, // no secret is cited
		{"a.yaml", "A: 1\nPassword: *hunter2", "line 2: unknown ... referenced"},
		{"a.env", "A=1\nPASSWORD hunter2\n", "line 2: want NAME=value"},
		{"a.toml", "A = 1\nB = " + strings.Repeat("[", 1_000_000), "line 2: nested too deep; a key may have 100 names"},
		{"b.toml", strings.Repeat("{a=", 300_000), "line 1: nested too deep; a key may have 100 names"},
		{"a.ini", "A=1", `unknown extension ".ini"; use .json, .yaml, .yml, .toml or .env`},
		{"a.json", "{\"A\": \"\xff\"}", "line 1: not a text in UTF-8"},
		{"a.json", "\xff\xfe{\x00}\x00", "line 1: is a text in UTF-16; save it in UTF-8"},
	} {
		t.Run(c.name+" "+c.want, func(t *testing.T) {
			t.Parallel()
			path := writeFile(t, filepath.Join(t.TempDir(), c.name), c.content)
			_, err := config.New(config.OptionalFile(path))
			wantError(t, err, "config: "+path+": "+c.want)
		})
	}
}

func TestAKeyThatIsNestedTooDeepIsAnError(t *testing.T) {
	t.Parallel()
	const depth = 1000
	for name, content := range map[string]string{
		"a.json": strings.Repeat(`{"k":`, depth) + "1" + strings.Repeat("}", depth),
		"a.yaml": strings.Repeat(`{k: `, depth) + "1" + strings.Repeat("}", depth),
		"a.toml": strings.Repeat(`k.`, depth) + "k = 1",
		"b.json": `{"k": ` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + "}",
		"c.json": `{"` + strings.Repeat("k:", depth) + `k": 1}`,
	} {
		path := writeFile(t, filepath.Join(t.TempDir(), name), content)
		_, err := config.New(config.File(path))
		if err == nil || !strings.HasPrefix(err.Error(), "config: "+path+": line 1: k:") ||
			!strings.HasSuffix(err.Error(), ":...: nested too deep; a key may have 100 names") {
			t.Errorf("%s: %v", name, err)
		}
	}
	path := writeFile(t, filepath.Join(t.TempDir(), "a.json"), strings.Repeat(`{"k":`, 100)+"1"+strings.Repeat("}", 100))
	wantGet(t, load(t, config.File(path)), strings.Repeat("k:", 99)+"k", "1")
}

func TestAppSettingsLayersTheFilesOfTheEnvironment(t *testing.T) { // CF-1, CF-4
	t.Parallel()
	dir := t.TempDir()
	base := writeFile(t, filepath.Join(dir, "appsettings.json"), `{"A": "base", "B": "base", "C": "base"}`)
	toml := writeFile(t, filepath.Join(dir, "appsettings.toml"), "B = 'toml'\nC = 'toml'")
	dev := writeFile(t, filepath.Join(dir, "appsettings.Development.yaml"), "C: dev")
	writeFile(t, filepath.Join(dir, "appsettings.Production.json"), `{"A": "prod"}`)

	m := load(t, config.AppSettings(dir, "Development")...)

	wantGet(t, m, "A", "base")
	wantGet(t, m, "B", "toml")
	wantGet(t, m, "C", "dev")
	if got, want := m.Files(), []string{base, toml, dev}; !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
}

func TestAppSettingsStayInTheContentRoot(t *testing.T) { // as CF-3
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "appsettings."), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "outside.json"), `{"A": 1}`)
	if m := load(t, config.AppSettings(dir, "/../outside")...); m.Exists("A") {
		t.Error("a file outside of the naming scheme was read")
	}
	if n := len(config.AppSettings(dir, "")); n != 4 {
		t.Errorf("%d sources without an environment, want 4", n)
	}
}

func TestTheNameOfAFileThatIsNotThereIsWhole(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	_, err := config.New(config.File(""))
	wantError(t, err, "config: a file: its name is empty")
	_, err = config.New(config.File("a.json"))
	wantError(t, err, "config: "+filepath.Join(dir, "a.json")+": no such file or directory")
	_, err = config.New(config.File("conf/a.json"))
	wantError(t, err, "config: "+filepath.Join(dir, "conf", "a.json")+": no such file or directory; there is no folder conf")
}

func TestARelativePathStartsFromTheBasePath(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "a.json"), `{"A": 1}`)
	writeFile(t, filepath.Join(mkdir(t, filepath.Join(dir, "keys")), "B"), "2")
	var m config.Manager
	m.SetBasePath(dir)
	if err := m.Add(config.File("a.json"), config.KeyPerFile("keys"), config.OptionalFile(filepath.Join(dir, "none.json"))); err != nil {
		t.Fatal(err)
	}
	wantGet(t, &m, "A", "1")
	wantGet(t, &m, "B", "2")
	if got := m.Files(); !slices.Equal(got, []string{filepath.Join(dir, "a.json"), filepath.Join(dir, "keys")}) {
		t.Errorf("files %q", got)
	}
}

// Editors and Kubernetes do not read it.
func TestTheSchemaOfAnEditorIsNoSetting(t *testing.T) {
	t.Parallel()
	path := writeFile(t, filepath.Join(t.TempDir(), "a.json"), `{"$schema": "x", "W": {"$schema": "y", "A": 1, "M": {"$schema": 1, "k": 2}}}`)
	var target struct {
		A int
		M map[string]int
	}
	if err := load(t, config.File(path)).Bind("W", &target); err != nil || target.A != 1 || len(target.M) != 1 {
		t.Errorf("%+v, %v", target, err)
	}
}

func TestASecondDocumentIsRefused(t *testing.T) {
	t.Parallel()
	path := writeFile(t, filepath.Join(t.TempDir(), "a.yaml"), "A: 1\n---\nB: 2\n")
	_, err := config.New(config.File(path))
	wantError(t, err, "config: "+path+": line 2: a second document begins here, and a file has one")
}
