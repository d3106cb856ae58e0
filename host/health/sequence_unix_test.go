//go:build unix

package health_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// process is the program of program_test.go that runs.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	stdin io.Writer
	lines *bufio.Scanner
}

func run(t *testing.T, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), programVariable+"=1")
	cmd.Dir = t.TempDir()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &process{t, cmd, stdin, bufio.NewScanner(stdout)}
}

// until reads lines up to one with text in it, and returns what follows the text.
func (p *process) until(text string) string {
	p.t.Helper()
	for p.lines.Scan() {
		if _, rest, ok := strings.Cut(p.lines.Text(), text); ok {
			return rest
		}
	}
	p.t.Fatalf("the program has not said %q", text)
	return ""
}

func (p *process) answer() {
	p.t.Helper()
	if _, err := io.WriteString(p.stdin, "go on\n"); err != nil {
		p.t.Fatal(err)
	}
}

func (p *process) exit(code int) {
	p.t.Helper()
	for p.lines.Scan() { // to the end
	}
	_ = p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.t.Errorf("exit code %d, want %d", got, code)
	}
}

// asked are the answers of the listener to the three probes.
func asked(t *testing.T, address string) string {
	t.Helper()
	var answers []string
	for _, path := range []string{"/livez", "/readyz", "/startupz"} {
		response, err := http.Get("http://" + address + path)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if ok := response.StatusCode == http.StatusOK; ok != (string(body) == "ok") {
			t.Errorf("%s: %s with %q", path, response.Status, body)
		}
		answers = append(answers, string(body))
	}
	return strings.Join(answers, ", ")
}

// The sequence of issue and documentation: each answer comes from the listener of a
// program that is started, gets a signal, drains and stops.
func TestTheProbesOfAProgram(t *testing.T) {
	t.Parallel()
	defer http.DefaultClient.CloseIdleConnections()
	p := run(t, "--Health:Urls=http://127.0.0.1:0", "--drainDelaySeconds=3600", "--Logging:LogLevel:Default=Information")
	address := p.until("starting at ")
	expect := func(moment, want string) {
		t.Helper()
		if got := asked(t, address); got != want {
			t.Errorf("%s: %s", moment, got)
		}
	}
	expect("in the start", "ok, not ready: starting, not started: starting")
	p.answer()
	p.until("host started")
	expect("running", "ok, ok, ok")

	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.until("draining")
	const stopping = "ok, not ready: stopping, ok"
	expect("in the drain", stopping)
	p.answer()
	p.until("stopping")
	expect("in the stop", stopping)
	p.answer()
	p.until("returned")
	if _, err := http.Get("http://" + address + "/livez"); err == nil {
		t.Error("still serves when Run has returned")
	}
	p.exit(0)
}

// Without a drain delay, too, readiness ends before the first service stops.
func TestNotReadyAtOnceWithoutADrain(t *testing.T) {
	t.Parallel()
	defer http.DefaultClient.CloseIdleConnections()
	p := run(t, "--Health:Urls=http://127.0.0.1:0")
	address := p.until("starting at ")
	p.answer()
	p.until("host started")
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.until("stopping")
	if got := asked(t, address); got != "ok, not ready: stopping, ok" {
		t.Error(got)
	}
	p.answer()
	p.exit(0)
}
