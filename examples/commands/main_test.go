//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary is also the program, so that the test meets real signals and
// exit codes.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// shopIn runs a command in a folder, sends it SIGTERM when it says so, and returns
// what it said and its exit code.
func shopIn(t *testing.T, folder, until string, args ...string) (said string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	program := exec.CommandContext(ctx, os.Args[0], args...)
	program.Dir = folder
	program.Env = append(os.Environ(), asProgram+"=1")
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	program.Stderr = program.Stdout
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for scanner := bufio.NewScanner(output); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		if until != "" && strings.Contains(scanner.Text(), until) {
			if err := program.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
	var failed *exec.ExitError
	if err := program.Wait(); err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n"), program.ProcessState.ExitCode()
}

func TestCommandsOfOneGraph(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, c := range []struct {
		args  string
		until string // it says, when it is sent SIGTERM
		code  int
		says  string
	}{
		{"serve --address localhost:0", "", 1, "shop.txt has version 0, want 3: run shop migrate"},
		{"migrate -- --Shop:Pause=10m", "migrating", 143, "host stopped"},
		{"migrate --environment Staging -- --Shop:Pause=1ms", "", 0, `"environment": "Staging"`},
		{"migrate", "", 0, "all services are done"}, // there is nothing left to do
		{"serve --address localhost:0", "host started", 0, "host stopped"},
		{"serve --address nowhere:x", "", 1, "unknown port"},
		{"serve --db other.txt", "", 1, "other.txt has version 0"},
		{"serve --db other.txt -- --Shop:DB=shop.txt --Shop:Address=localhost:0", "host started", 0, "host stopped"},

		{"migrate -- --Shp:DB=x", "", 1, `Shp:DB: nothing in the program reads this setting (command line); did you mean "Shop:DB"?`},
		{"migrate --Shp:DB=x", "", 2, "unknown flag: --Shp:DB (settings without a flag follow --)"},
		{"migrate now", "", 2, `unknown argument "now"`},
		{"migrate now -- --Shop:DB=x", "", 2, `unknown argument "now"`},
		{"migrat", "", 2, `unknown command "migrat"`},
		{"--help", "", 0, "Bring the database up to date"},
		{"serve --help", "", 0, "address to listen on"},
		{"help migrate", "", 0, "migrate [-- settings]"},
	} {
		said, code := shopIn(t, folder, c.until, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("shop %s: exit code %d, want %d and %q in\n%s", c.args, code, c.code, c.says, said)
		}
	}
}
