//go:build unix

package host_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxhost/fxhost/config"
)

// workerSettings are what the scenario "configured" binds section Worker to.
type workerSettings struct {
	Interval time.Duration
	Name     string
	Size     config.Size
}

// runIn runs the scenario "configured" in a folder to its end, as another user if there is one.
func runIn(t *testing.T, folder string, as *syscall.Credential) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	binary := os.Args[0]
	if as != nil { // the go command keeps the binary to itself
		binary = filepath.Join(folder, "host.test")
		b, err := os.ReadFile(os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(binary, b, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, open := range []string{folder, filepath.Dir(folder)} {
			if err := os.Chmod(open, 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd := exec.CommandContext(ctx, binary)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), scenarioVariable+"=configured", "HOME="+folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	b, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// Whatever is wrong with a file, the program does not start, exits with 1, and says
// in one line what is wrong and where; it never shows a stack.
func TestBadInputEndsWithOneLineAndCodeOne(t *testing.T) {
	t.Parallel()
	deep := func(open, end string) string { return strings.Repeat(open, 1000) + "1" + strings.Repeat(end, 1000) }
	for name, c := range map[string]struct{ file, content, want string }{
		"syntax in JSON":  {"appsettings.json", "{\n  \"Worker\": {\n    \"Interval\" \"5s\"\n  }\n}", `/appsettings\.json: line 3, column 16: .+`},
		"syntax in YAML":  {"appsettings.yaml", "Worker:\n  Interval: 5s\n Name: x\n", `/appsettings\.yaml: line 2: .+`},
		"syntax in TOML":  {"appsettings.toml", "[Worker]\nInterval = 5s\n", `/appsettings\.toml: line 2, column \d+: .+`},
		"number":          {"appsettings.json", "{\"Worker\": {\n\"Name\": 5}}", `Worker:Name: 5: want a string, got a number; put it in quotes \(appsettings\.json:2\)`},
		"no unit":         {"appsettings.yaml", "Worker:\n  Interval: 30\n", `Worker:Interval: 30: duration needs a unit, such as "5s" \(appsettings\.yaml:2\)`},
		"no unit of size": {"appsettings.toml", "[Worker]\nSize = 30\n", `Worker:Size: 30: size needs a unit, such as "10MiB" \(appsettings\.toml:2\)`},
		"TimeSpan":        {"appsettings.json", `{"Worker": {"Interval": "00:00:05"}}`, `Worker:Interval: "00:00:05": want a duration, such as "5s" or "1m30s" \(appsettings\.json:1\); write "5s"`},
		"unknown key":     {"appsettings.json", "{\"Worker\": {\n\"Intervall\": \"5s\"}}", `Worker:Intervall: unknown key \(appsettings\.json:2\); did you mean "Interval"\?`},
		"too large":       {"appsettings.json", "{" + strings.Repeat(" ", 100<<20) + "}", `/appsettings\.json: has 104857602 bytes; a file of settings may have 1048576 at most`},
		"deep JSON":       {"appsettings.json", deep(`{"k":`, "}"), `/appsettings\.json: line 1: k:k:k:\.\.\.: nested too deep; a key may have 100 names`},
		"deep YAML":       {"appsettings.yaml", deep("{k: ", "}"), `/appsettings\.yaml: line 1: k:k:k:\.\.\.: nested too deep; a key may have 100 names`},
		"deep TOML":       {"appsettings.toml", strings.Repeat("k.", 1000) + "k = 1", `/appsettings\.toml: line 1: k:k:k:\.\.\.: nested too deep; a key may have 100 names`},
		"not UTF-8":       {"appsettings.json", "{\n\"A\": \"\xff\"}", `/appsettings\.json: line 2: not a text in UTF-8`},
		"two cases":       {"appsettings.json", "{\"A\": 1,\n\"a\": 2}", `/appsettings\.json: line 1: A and line 2: a are the same key; keep one`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			write(t, folder, c.file, c.content)
			output, code := runIn(t, folder, nil)
			wantRefusal(t, output, code, c.want)
		})
	}
}

func wantRefusal(t *testing.T, output string, code int, want string) {
	t.Helper()
	if code != 1 || !regexp.MustCompile(`(?m)^    (host: build: )?config: .*`+want+`$`).MatchString(output) {
		t.Errorf("code %d, output lacks %s:\n%s", code, want, output)
	}
	if strings.Contains(output, "goroutine ") || strings.Contains(output, ".go:") || strings.Contains(output, "first start") {
		t.Errorf("a stack, or a start:\n%s", output)
	}
}

func TestFilesThatCannotBeReadEndWithOneLineAndCodeOne(t *testing.T) {
	t.Parallel()
	t.Run("folder", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		if err := os.Mkdir(filepath.Join(folder, "appsettings.json"), 0o700); err != nil {
			t.Fatal(err)
		}
		output, code := runIn(t, folder, nil)
		wantRefusal(t, output, code, `/appsettings\.json: is a folder, not a file`)
	})
	t.Run("cycle of links", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		for _, link := range [][2]string{{"appsettings.json", "other.json"}, {"other.json", "appsettings.json"}} {
			if err := os.Symlink(link[0], filepath.Join(folder, link[1])); err != nil {
				t.Fatal(err)
			}
		}
		output, code := runIn(t, folder, nil)
		wantRefusal(t, output, code, `/appsettings\.json: too many levels of symbolic links`)
	})
	t.Run("mode 000", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		write(t, folder, "appsettings.json", "{}")
		if err := os.Chmod(filepath.Join(folder, "appsettings.json"), 0); err != nil {
			t.Fatal(err)
		}
		var nobody *syscall.Credential
		if os.Getuid() == 0 { // root reads everything
			nobody = &syscall.Credential{Uid: 65534, Gid: 65534}
		}
		output, code := runIn(t, folder, nobody)
		wantRefusal(t, output, code, `/appsettings\.json: permission denied`)
	})
	t.Run("pipe", func(t *testing.T) {
		t.Parallel()
		folder := t.TempDir()
		if err := syscall.Mkfifo(filepath.Join(folder, "appsettings.json"), 0o600); err != nil {
			t.Fatal(err)
		}
		output, code := runIn(t, folder, nil)
		wantRefusal(t, output, code, `/appsettings\.json: is not a file but a p---------`)
	})
}

func TestAByteOrderMarkIsNoMistake(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, folder, "appsettings.json", "\uFEFF{\"Worker\": {\"Interval\": 5}}")
	output, code := runIn(t, folder, nil)
	wantRefusal(t, output, code, `Worker:Interval: 5: duration needs a unit, such as "5s" \(appsettings\.json:1\)`)
}
