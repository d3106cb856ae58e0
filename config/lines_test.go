package config_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fxhost/fxhost/config"
)

// Every value is on a line of its own that it names.
var linesOf = map[string]string{
	"a.json": `{ // a comment
  "Top": 2,
  "A": {
    "B": 4, /* another
    "C": 0 */
    "C": 6,
    "L": [
      8,
      {"D": 9}, // with a comma behind it
    ],
  },
  "X:Y": 12,
}
`,
	"a.yaml": `# a comment
Top: 2
A:
  B: 4
  "C": 5
  L:
    - 7
    - D: 8
    - &x {E: 9}
    - *x
M:
  K: |
    12
`,
	"a.toml": `# a comment
Top = 2
[A]
B = 4
"C" = 5
L = [
  7,
  8,
]
I.D = 10
Q = {E = 11}

[[T]]
N = 14
[T.S]
N = 16

[[T]]
N = 19
`,
	"a.env": `# a comment
TOP=2
export A__B=3
C='4'
`,
}

func TestEveryValueKnowsItsLine(t *testing.T) {
	t.Parallel()
	for name, content := range linesOf {
		m := load(t, config.File(writeFile(t, filepath.Join(t.TempDir(), name), content)))
		lines := strings.Split(strings.TrimSpace(m.DebugView()), "\n")
		if len(lines) < 3 {
			t.Errorf("%s: %q", name, lines)
		}
		for _, line := range lines {
			parts := regexp.MustCompile(`^(\S+) = "?(\d+)(?:\\n)?"? \(` + name + `:(\d+)\)$`).FindStringSubmatch(line)
			switch {
			case parts == nil:
				t.Errorf("%s: %q", name, line)
			case strings.HasPrefix(parts[1], "M:"): // a block begins below its key
			case strings.HasPrefix(parts[1], "A:L:3"): // an alias is where it is used
				if parts[3] != "10" {
					t.Errorf("%s: %s", name, line)
				}
			case parts[2] != parts[3]:
				t.Errorf("%s: %s", name, line)
			}
		}
	}
}

func TestKeysOfOneFileThatDifferInCaseAreNamedWithTheirLines(t *testing.T) { // V6
	t.Parallel()
	for name, content := range map[string]string{
		"a.json": "{\n\"Teams\": {\"Red\": 1,\n\"red\": 2}\n}",
		"a.yaml": "Teams:\n  Red: 1\n  red: 2\n",
		"a.toml": "[Teams]\nRed = 1\nred = 2\n",
	} {
		path := writeFile(t, filepath.Join(t.TempDir(), name), content)
		_, err := config.New(config.File(path))
		if err == nil || !regexp.MustCompile(`^config: `+regexp.QuoteMeta(path)+
			`: line 2: Teams:Red and line 3: Teams:red are the same key; keep one$`).MatchString(err.Error()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAProblemNamesItsLineInEveryFormat(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"a.json": "{\"W\": {\n\"Interval\": 30,\n\"Intervall\": \"5s\",\n\"Name\": 5}}",
		"a.yaml": "W:\n  Interval: 30\n  Intervall: 5s\n  Name: 5\n",
		"a.toml": "[W]\nInterval = 30\nIntervall = '5s'\nName = 5\n",
	} {
		var target struct {
			Interval time.Duration
			Name     string
		}
		path := writeFile(t, filepath.Join(t.TempDir(), name), content)
		err := load(t, config.File(path)).Bind("W", &target)
		wantError(t, err, fmt.Sprintf(`config: W:Interval: 30: duration needs a unit, such as "5s" (%s:2)
config: W:Intervall: unknown key (%[1]s:3); did you mean "Interval"?
config: W:Name: 5: want a string, got a number; put it in quotes (%[1]s:4)`, name))
	}
}

func TestJSONWithCommentsAndTrailingCommas(t *testing.T) { // CG-13
	t.Parallel()
	dir := t.TempDir()
	m := load(t, config.File(writeFile(t, filepath.Join(dir, "a.json"),
		"// first\n{\"A\": \"// no comment /* here */\", /* \n */ \"B\": [1, 2,],\n}\n// last")))
	wantGet(t, m, "A", "// no comment /* here */")
	wantGet(t, m, "B:1", "2")
	for content, want := range map[string]string{
		"{\"A\": 1 /* no end":   "line 1, column 9: invalid character '/' after object key:value pair",
		"{\"A\": 1,, }":         "line 1, column 11: invalid character '}' looking for beginning of object key string",
		"{\"A\": 1\n/ \"B\":2}": "line 2, column 1: invalid character '/' after object key:value pair",
	} {
		path := writeFile(t, filepath.Join(dir, "b.json"), content)
		_, err := config.New(config.File(path))
		wantError(t, err, "config: "+path+": "+want)
	}
}

func TestDotEnvFiles(t *testing.T) {
	t.Parallel()
	m := load(t, config.File(writeFile(t, filepath.Join(t.TempDir(), ".env"),
		"# settings\nWORKER__INTERVAL=5s\nexport Name=\"two words\"\nEMPTY=\nWORKER__URL=http://h/?a=b#c\n")))
	wantGet(t, m, "Worker:Interval", "5s")
	wantGet(t, m, "NAME", "two words")
	wantGet(t, m, "EMPTY", "")
	path := writeFile(t, filepath.Join(t.TempDir(), ".env"), "no equals sign\n")
	if _, err := config.New(config.File(path)); err == nil || !strings.HasPrefix(err.Error(), "config: "+path+": ") {
		t.Errorf("error %v", err)
	}
}

func TestApplicationSettingsLieOverAppSettings(t *testing.T) { // CF-3
	t.Parallel()
	dir := t.TempDir()
	for name, value := range map[string]string{
		"appsettings.json": `{"A": 1, "B": 1, "C": 1}`, "my_app.settings.yaml": "B: 2\nC: 2", "my_app.settings.Staging.toml": "C = 3",
	} {
		writeFile(t, filepath.Join(dir, name), value)
	}
	m := load(t, append(config.AppSettings(dir, "Staging"), config.ApplicationSettings(dir, "my/app", "Staging")...)...)
	wantGet(t, m, "A", "1")
	wantGet(t, m, "B", "2")
	wantGet(t, m, "C", "3")
	if config.ApplicationSettings(dir, "", "Staging") != nil {
		t.Error("an application without a name has settings")
	}
}
