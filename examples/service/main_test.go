//go:build unix

package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary is also the program, so that the test meets real signals and
// switches.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stderr = os.Stderr
	return cmd
}

func TestByHandItIsAProgramInATerminal(t *testing.T) {
	cmd := program(t, "--Servers:public:Urls=http://127.0.0.1:0")
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := false
	for scanner := bufio.NewScanner(output); scanner.Scan(); {
		if strings.Contains(scanner.Text(), "orders sent") && !seen {
			seen = true
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil || !seen {
		t.Errorf("ended with %v, orders sent: %v", err, seen)
	}
}

// The unit of the example is what the program prints, where it would be installed.
func TestTheUnitIsWhatTheProgramPrints(t *testing.T) {
	cmd := program(t, "--print-unit", "--applicationName=orders", "--drainDelaySeconds=5")
	output, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(output), "ProtectHome=read-only") {
		t.Skip("the temporary folder is in a home directory")
	}
	executable, err := filepath.EvalSymlinks(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	folder, err := filepath.EvalSymlinks(cmd.Dir)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.NewReplacer(executable, "/opt/orders/orders", cmd.Dir, "/opt/orders", folder, "/opt/orders").Replace(string(output))
	want, err := os.ReadFile("orders.service")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}
