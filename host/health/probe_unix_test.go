//go:build unix

package health_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// switched runs the program with a switch that it answers.
func switched(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), programVariable+"=1")
	cmd.Dir = t.TempDir()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "constructed") {
		t.Error("called a constructor")
	}
	return cmd.ProcessState.ExitCode(), strings.TrimSuffix(out.String(), "returned\n"), errs.String()
}

func TestProbeSwitch(t *testing.T) {
	t.Parallel()
	p := run(t, "--Health:Urls=http://127.0.0.1:0")
	address := p.until("starting at ")
	urls := "--Health:Urls=http://" + address
	expect := func(code int, stderr string, args ...string) {
		t.Helper()
		got, stdout, said := switched(t, args...)
		if got != code || stdout != "" || said != stderr {
			t.Errorf("%q: exit code %d, %q, %q", args, got, stdout, said)
		}
	}
	expect(1, "host: --probe ready: not ready: starting\n", "--probe", "ready", urls)
	expect(1, "host: --probe startup: not started: starting\n", urls, "--probe=startup")
	expect(0, "", "--probe", "live", urls)
	p.answer()
	p.until("host started")
	expect(0, "", "--probe", "ready", urls)
	expect(0, "", "--probe", "startup", urls)

	expect(2, "host: --probe: \"readyy\" is not a value of it; write --probe live|ready|startup\n", "--probe", "readyy", urls)
	expect(2, "host: --probe: it needs a value; write --probe live|ready|startup\n", "--probe", urls)
	expect(1, "host: --probe live: Health:Urls is not set, so that there is nothing to ask: set it for the program, "+
		"with health.Use() in it, and for the probe\n", "--probe", "live")
	expect(1, "host: --probe live: config: Health:Urls: write http://HOST:PORT, such as http://127.0.0.1:8081, "+
		"or http://*:8081 for all addresses; several are separated by a semicolon\n", "--probe", "live", "--Health:Urls=x")
	expect(1, "host: --probe live: port 0 of Health:Urls is any free one, which only the program itself knows\n",
		"--probe", "live", "--Health:Urls=http://127.0.0.1:0")

	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	p.until("stopping")
	expect(1, "host: --probe ready: not ready: stopping\n", "--probe", "ready", urls)
	p.answer()
	p.exit(0)
	code, _, stderr := switched(t, "--probe", "live", urls)
	if want := regexp.MustCompile(`^host: --probe live: dial tcp \S+: connect: connection refused\n$`); code != 1 || !want.MatchString(stderr) {
		t.Errorf("after the end: %d %s", code, stderr)
	}
}

// What listens there may be anything.
func TestProbeSwitchWithAStranger(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		says string
		want string
	}{
		"another server": {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", " answers 200 to /readyz: it is not a program with package health\n"},
		"not found":      {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", " answers 404 to /readyz: it is not a program with package health\n"},
		"no HTTP":        {"SSH-2.0-x\r\n\r\n", `: malformed HTTP response "SSH-2.0-x"` + "\n"},
		"nothing":        {"", ": unexpected EOF\n"},
		"escapes":        {"HTTP/1.1 503 x\r\nContent-Length: 6\r\n\r\n\x1b[31m\a", "host: --probe ready: " + `\x1b[31m\a` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			served := make(chan struct{})
			go func() {
				defer close(served)
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = conn.Read(make([]byte, 1000))
				_, _ = conn.Write([]byte(test.says))
				_ = conn.Close()
			}()
			code, _, stderr := switched(t, "--probe", "ready", "--Health:Urls=http://"+listener.Addr().String())
			_ = listener.Close()
			<-served
			if code != 1 || !strings.HasSuffix(stderr, test.want) {
				t.Errorf("%d %q, want %q", code, stderr, test.want)
			}
		})
	}
}
