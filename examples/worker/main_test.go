//go:build unix

package main

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
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

func TestTheWorkerTicksUntilCtrlC(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	program := exec.CommandContext(ctx, os.Args[0])
	program.Dir = t.TempDir()
	program.Env = append(os.Environ(), asProgram+"=1")
	program.Stderr = os.Stderr
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}

	want := []string{"host starting", "host started", "worker running", "worker running", "host stopping", "host stopped"}
	var lines []string
	for scanner := bufio.NewScanner(output); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		if len(want) > 0 && strings.Contains(scanner.Text(), want[0]) {
			want = want[1:]
			if len(want) == 2 { // it has ticked twice
				if err := program.Process.Signal(os.Interrupt); err != nil {
					t.Fatal(err)
				}
			}
		}
	}

	if err := program.Wait(); err != nil {
		t.Errorf("the program ended with %v, want exit code 0", err)
	}
	if len(want) > 0 {
		t.Errorf("no %q in\n%s", want[0], strings.Join(lines, "\n"))
	}
}
