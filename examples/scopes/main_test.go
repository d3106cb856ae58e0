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
)

func TestTheProgramHandlesOrdersUntilCtrlC(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	program := exec.CommandContext(ctx, os.Args[0])
	program.Dir = t.TempDir()
	temporary := t.TempDir()
	program.Env = append(os.Environ(), asProgram+"=1", "TMPDIR="+temporary)
	program.Stderr = os.Stderr
	output, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}

	want := []string{"host started", `order handled	{"order": "0001"}`, `order failed	{"order": "0003"}`, "host stopped"}
	var lines []string
	for scanner := bufio.NewScanner(output); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		if len(want) > 0 && strings.Contains(scanner.Text(), want[0]) {
			want = want[1:]
			if len(want) == 1 {
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
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("the program left %v, %v", left, err)
	}
}
