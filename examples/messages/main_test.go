package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The test binary is also the program, so that the test meets its exit code.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

func TestEveryInvoiceIsSentInTheEnd(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	program := exec.CommandContext(ctx, os.Args[0])
	program.Dir = t.TempDir()
	program.Env = append(os.Environ(), asProgram+"=1")
	output, err := program.CombinedOutput()
	if err != nil {
		t.Errorf("the program ended with %v, want exit code 0", err)
	}
	for _, want := range []string{
		`invoice sent	{"to": "ada@example.com", "amount": 100, "attempt": 1}`,
		"message failed", "mail server is busy",
		`invoice sent	{"to": "charles@example.com", "amount": 200, "attempt": 2}`,
		"message is a dead letter", "Grace has no address",
		`invoice sent	{"to": "grace@example.com", "amount": 300, "attempt": 1}`,
		`host stopping	{"reason": "all invoices are sent"}`,
	} {
		if !strings.Contains(string(output), want) {
			t.Errorf("no %q in\n%s", want, output)
		}
	}
}
