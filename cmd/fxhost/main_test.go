package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/usersecrets"
)

// asCommand is set for a test binary that is to be the command itself.
const asCommand = "FXHOST_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// desk is a home folder and a working directory in it, named app.
type desk struct{ home, dir string }

func newDesk(t *testing.T) desk {
	t.Helper()
	d := desk{home: t.TempDir()}
	d.dir = filepath.Join(d.home, "app")
	if err := os.Mkdir(d.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return d
}

// homes are the variables that os.UserConfigDir reads on one system or another.
func homes() []string { return []string{"HOME", "XDG_CONFIG_HOME", "AppData"} }

type result struct {
	code      int
	out, errs string
}

func (d desk) run(t *testing.T, in string, args ...string) result {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir, cmd.Stdin = d.dir, strings.NewReader(in)
	// The race detector would have each child sleep for a second at its end.
	cmd.Env = append(os.Environ(), asCommand+"=1", "GORACE=atexit_sleep_ms=0")
	for _, name := range homes() {
		cmd.Env = append(cmd.Env, name+"="+d.home)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

func (d desk) wants(t *testing.T, want result, in string, args ...string) {
	t.Helper()
	if got := d.run(t, in, args...); got != want {
		t.Errorf("fxhost %q\nis   %+v\nwant %+v", args, got, want)
	}
}

func TestSecretsAreSetListedAndRemoved(t *testing.T) { // CG-14
	t.Parallel()
	d := newDesk(t)
	d.wants(t, result{}, "", "secrets", "list")
	d.wants(t, result{out: "set Db:Password of app\n"}, "", "secrets", "set", "Db:Password", "hunter2")
	d.wants(t, result{out: "set Api of app\n"}, "from a pipe\r\n", "secrets", "set", "Api")
	d.wants(t, result{out: "set Last of app\n"}, "no line break", "--app", "app", "secrets", "set", "Last")
	d.wants(t, result{out: "set Dash of app\n"}, "", "secrets", "set", "--app=app", "Dash", "--", "-x=y")
	d.wants(t, result{out: "set Empty of app\n"}, "", "secrets", "set", "Empty", "")
	d.wants(t, result{out: "Api\nDash\nDb:Password\nEmpty\nLast\n"}, "", "secrets", "list")
	d.wants(t, result{out: "removed dash of app\n"}, "", "secrets", "remove", "dash")
	d.wants(t, result{out: "Api\nDb:Password\nEmpty\nLast\n"}, "", "secrets", "list", "--app", "app")
	d.wants(t, result{}, "", "secrets", "list", "--app", "other")
}

func TestWhatIsSetIsReadByUserSecrets(t *testing.T) { // CG-14
	d := newDesk(t)
	d.wants(t, result{out: "set Db:Password of my app\n"}, "", "secrets", "set", "Db:Password", `a "b" ü=`, "--app", "my app")
	for _, name := range homes() {
		t.Setenv(name, d.home)
	}
	m, err := config.New(config.UserSecrets("my app"))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := m.Get("db:password"); got != `a "b" ü=` {
		t.Errorf("it is %q", got)
	}
	path, err := usersecrets.Path("my app")
	if err != nil {
		t.Fatal(err)
	}
	d.wants(t, result{out: path + "\n"}, "", "secrets", "path", "--app", "my app")
}

func TestAFailureIsOneLine(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, c := range []struct {
		in, want string
		args     []string
	}{
		{"", `user secrets: there is no key "A"`, []string{"remove", "A"}},
		{"", `user secrets: "" is no key`, []string{"set", "", "hunter2"}},
		{"", `user secrets: ".." is no name of an application`, []string{"list", "--app=.."}},
		{"", `no value on standard input; write fxhost secrets set KEY "" for an empty one`, []string{"set", "A"}},
		{"\n", `no value on standard input; write fxhost secrets set KEY "" for an empty one`, []string{"set", "A"}},
		{"hunter\n2\n", "standard input has more than one line; a secret is one", []string{"set", "A"}},
		{strings.Repeat("x", 1<<20+1), "standard input has a line of more than 1048576 bytes", []string{"set", "A"}},
	} {
		d.wants(t, result{code: 1, errs: "fxhost: " + c.want + "\n"}, c.in, append([]string{"secrets"}, c.args...)...)
	}
}

// A person is asked on stderr, so that the output stays clean.
func TestATerminalIsAskedForTheValue(t *testing.T) {
	t.Parallel()
	in, err := os.Open(os.DevNull) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out, errs bytes.Buffer
	code := run([]string{"secrets", "set", "A", "--app", "app"}, in, &out, &errs)
	if code != 1 || out.Len() > 0 || !strings.HasPrefix(errs.String(), "value of A of app: ") {
		t.Errorf("%d, %q, %q", code, out.String(), errs.String())
	}
}

func TestAFileThatOthersMayReadIsNotTouched(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("has no such modes")
	}
	d := newDesk(t)
	d.wants(t, result{out: "set A of app\n"}, "", "secrets", "set", "A", "1")
	path := strings.TrimSpace(d.run(t, "", "secrets", "path").out)
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"list"}, {"set", "A", "hunter2"}, {"remove", "A"}} {
		got := d.run(t, "", append([]string{"secrets"}, args...)...)
		if got.code != 1 || !strings.Contains(got.errs, "chmod 600 "+path) || strings.Count(got.errs, "\n") != 1 {
			t.Errorf("%q: %+v", args, got)
		}
	}
}

// No error shows what may be a value.
func TestAWrongUsageSaysWhatIsWanted(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"":                                "a command is missing",
		"secret list":                     "the only command is secrets",
		"secrets":                         "secrets wants set, list, remove or path",
		"secrets show":                    "secrets wants set, list, remove or path",
		"secrets set":                     "secrets set wants KEY or KEY VALUE",
		"secrets set A hunter2 more":      "secrets set wants KEY or KEY VALUE",
		"secrets set A=hunter2":           "secrets set wants KEY VALUE, not KEY=VALUE",
		"secrets set A -hunter2":          "an unknown option follows the key; put -- before a value that begins with -",
		"secrets list --application=x":    "unknown option --application",
		"secrets remove":                  "secrets remove wants KEY",
		"secrets remove A B":              "secrets remove wants KEY",
		"secrets list A":                  "secrets list wants nothing more",
		"secrets path --app":              "--app wants a name, --app NAME or --app=NAME",
		"secrets list --app=":             "--app wants a name, --app NAME or --app=NAME",
		"secrets --app --verbose list":    "--app wants a name, --app NAME or --app=NAME",
		"secrets path --app x -- --app y": "secrets path wants nothing more",
	} {
		var out, errs bytes.Buffer
		code := run(strings.Fields(line), nil, &out, &errs)
		if got := errs.String(); code != 2 || out.Len() > 0 || got != "fxhost: "+want+"; see fxhost --help\n" {
			t.Errorf("fxhost %s: %d, %q, %s", line, code, out.String(), got)
		}
	}
	newDesk(t).wants(t, result{code: 2, errs: "fxhost: a command is missing; see fxhost --help\n"}, "")
}

func TestHelpIsPrinted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, args := range [][]string{{"-h"}, {"--help"}, {"secrets", "set", "--help"}} {
		d.wants(t, result{out: usage}, "", args...)
	}
}

func TestAKeyThatWasWrittenByHandCannotMoveTheCursor(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.wants(t, result{out: "set A of app\n"}, "", "secrets", "set", "A", "1")
	path := strings.TrimSpace(d.run(t, "", "secrets", "path").out)
	if err := os.WriteFile(path, []byte(`{"a\u001b[31m\nb": 1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	d.wants(t, result{out: `a\x1b[31m\nb` + "\n"}, "", "secrets", "list")
}
