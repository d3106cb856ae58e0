//go:build unix

package host_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const said = "deferred\n"
	for name, test := range map[string]struct {
		scenario string
		settings string // of appsettings.json
		args     []string
		code     int
		want     string // a pattern of the whole output
	}{
		"valid":       {"configured", `{"Worker": {"Interval": "5s"}}`, nil, 0, `\S+: the settings and the graph are valid\n` + said},
		"constructor": {"constructor", ``, nil, 0, `\S+: the settings and the graph are valid\n` + said},
		"build":       {"constructor", ``, []string{"--check=build"}, 0, `constructed\n(?s:.*): the settings are valid, and the host can be built\n` + said},
		"setting": {
			"configured", `{"Worker": {"Interval": "5"}}`, nil, 1,
			`config: Worker:Interval: "5": duration needs a unit, such as "5s" .*\n` + said + `run: .*\n`,
		},
		"unknown key": {"configured", `{"Worker": {"Intervall": "5s"}}`, nil, 1, `config: Worker:Intervall: unknown key .*\n` + said + `run: .*\n`},
		"option":      {"configured", `{"shutdownTimeoutSeconds": 0}`, nil, 1, `host: build: config: shutdownTimeoutSeconds: 0: .*\n` + said + `run: .*\n`},
		"file":        {"configured", `{`, nil, 1, `host: build: config: .*appsettings\.json.*\n` + said + `run: .*\n`},
		"graph":       {"missing type", ``, nil, 1, `host: build: (?s:.*)missing type(?s:.*)` + said + `run: (?s:.*)`},
		"unread": {
			"configured", `{"Wroker": {}}`,
			[]string{"--Wrker:Interval=5s"},
			0,
			`\S+: the settings and the graph are valid\nnote: config: Wrker:Interval: nothing in the program reads this setting .*; did you mean "Worker:Interval"\?, ` +
				`unless a constructor asks for it\n(note: .*\n)*` + said,
		},
		"value": {"configured", ``, []string{"--check=all"}, 2, `host: --check: "all" is not a value of it; write --check, or --check=build\n` + said + `run: .*\n`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			if test.settings != "" {
				if err := os.WriteFile(filepath.Join(root, "appsettings.json"), []byte(test.settings), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			args := append([]string{"--contentRoot", root, "--Logging:LogLevel:Default=Warning"}, test.args...)
			if len(test.args) == 0 || !strings.HasPrefix(test.args[0], "--check") {
				args = append(args, "--check")
			}
			output := run(t, test.scenario, args...).exit(test.code)
			if !regexp.MustCompile(`^` + test.want + `$`).MatchString(output) {
				t.Errorf("output:\n%s\nwant %s", output, test.want)
			}
		})
	}
}
