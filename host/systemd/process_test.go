//go:build linux

package systemd_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// process is one of the programs, with a manager.
type process struct {
	manager *manager
	cmd     *exec.Cmd
	folder  string
	output  *lineReader
}

// lineReader reads what the program prints.
type lineReader struct {
	*bufio.Reader

	process *process
}

// run runs a program. Each of env is a variable, such as TICK=1s; some are settings.
func run(t *testing.T, name string, env ...string) *process {
	t.Helper()
	p := &process{manager: listen(t, ""), folder: t.TempDir()}
	p.cmd = exec.Command(os.Args[0])
	p.start(t, name, env...)
	return p
}

func (p *process) start(t *testing.T, name string, env ...string) {
	t.Helper()
	p.cmd.Dir = p.folder
	p.cmd.Env = append(os.Environ(), append(env, programVariable+"="+name)...)
	p.cmd.Stderr = os.Stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.output = &lineReader{Reader: bufio.NewReader(stdout), process: p}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
}

func (p *process) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// limit kills a program that takes too long.
func (p *process) limit() *time.Timer {
	return time.AfterFunc(time.Minute, func() { _ = p.cmd.Process.Kill() })
}

// end waits for the end of the program.
func (p *process) end(t *testing.T, code int) {
	t.Helper()
	defer p.limit().Stop()
	_, _ = io.Copy(io.Discard, p.output)
	_ = p.cmd.Wait()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d", got, code)
	}
}

// find reads up to a line that has text in it.
func (r *lineReader) find(t *testing.T, text string) string {
	t.Helper()
	defer r.process.limit().Stop()
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		if strings.Contains(line, text) {
			return line
		}
		all.WriteString(line)
		if err != nil {
			t.Fatalf("no line with %q in\n%s", text, all.String())
		}
	}
}

func (p *process) writeSettings(t *testing.T, content string) {
	t.Helper()
	path := filepath.Join(p.folder, "appsettings.json")
	// At once, so that nobody sees half of it.
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestSIGHUPReloadsTheConfiguration(t *testing.T) {
	p := &process{manager: listen(t, ""), folder: t.TempDir(), cmd: exec.Command(os.Args[0])}
	p.writeSettings(t, `{"Worker": {"Limit": 1}}`)
	// Without it, the watcher of the files would be faster.
	p.start(t, "settings", "hostBuilder__reloadConfigOnChange=false")
	p.output.find(t, "limit 1")
	p.manager.wait(t, "READY=1")

	p.writeSettings(t, `{"Worker": {"Limit": 2}}`)
	p.signal(t, syscall.SIGHUP)
	before := p.manager.wait(t, "RELOADING=1\nMONOTONIC_USEC=")
	if strings.Contains(before, "MONOTONIC_USEC=0\n") {
		t.Error(before)
	}
	if got := p.manager.wait(t, "READY=1"); got != "READY=1\nSTATUS=running, 1 service" {
		t.Errorf("%q", got)
	}
	p.output.find(t, "limit 2")
	p.output.find(t, "configuration reloaded")

	p.writeSettings(t, `{"Worker": {"Limit": "many"}}`)
	p.signal(t, syscall.SIGHUP)
	p.manager.wait(t, "RELOADING=1")
	if got := p.manager.wait(t, "READY=1"); got != "READY=1\nSTATUS=running, 1 service; configuration not reloaded, see the log" {
		t.Errorf("%q", got)
	}
	p.output.find(t, "configuration not reloaded")

	p.writeSettings(t, `{"Worker": {"Limit": 3}}`)
	p.signal(t, syscall.SIGHUP)
	p.output.find(t, "limit 3")
	p.manager.wait(t, "READY=1\nSTATUS=running, 1 service")
	p.signal(t, syscall.SIGTERM)
	p.manager.wait(t, "STATUS=stopped")
	p.end(t, 0)
}

func TestSIGHUPDuringTheStartIsNotReady(t *testing.T) {
	p := run(t, "hung start")
	p.manager.wait(t, "STATUS=starting hung")
	p.signal(t, syscall.SIGHUP)
	p.output.find(t, "configuration reloaded")
	p.signal(t, syscall.SIGTERM)
	for _, message := range p.manager.until(t, "STOPPING=1") {
		if strings.Contains(message, "READY=1") || strings.Contains(message, "RELOADING=1") {
			t.Errorf("%q in a start", message)
		}
	}
	p.signal(t, syscall.SIGTERM) // the second one
	p.end(t, 128+15)
}

func TestASecondSignalEndsTheProcess(t *testing.T) {
	p := run(t, "slow stop", "RELEASE=/nowhere")
	p.manager.wait(t, "READY=1")
	p.signal(t, syscall.SIGTERM)
	p.manager.wait(t, "STATUS=stopping, waiting for slow")
	p.signal(t, syscall.SIGTERM)
	p.end(t, 128+15)
}

func TestAFaultEndsWithItsExitCode(t *testing.T) {
	p := run(t, "fault")
	p.manager.wait(t, "STOPPING=1")
	p.manager.wait(t, "STATUS=failed, see the log")
	p.end(t, 1)
}

func TestSocketsAreFoundByName(t *testing.T) {
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	file, err := listener.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	other, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()

	p := &process{manager: listen(t, ""), folder: t.TempDir()}
	// The shell knows the ID of the process that it becomes.
	p.cmd = exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0])
	p.cmd.ExtraFiles = []*os.File{other, file}
	p.start(t, "sockets", "LISTEN_FDS=2", "LISTEN_FDNAMES=admin:web")
	p.manager.wait(t, "READY=1")
	if line := p.output.find(t, "sockets of systemd not used"); !strings.Contains(line, `"admin"`) {
		t.Error(line)
	}
	response, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if want := fmt.Sprintln(p.cmd.Process.Pid); err != nil || string(body) != want {
		t.Errorf("%q, %v, want %q", body, err, want)
	}
	p.signal(t, syscall.SIGTERM)
	p.end(t, 0)
}

func TestSocketsOfAnotherProcessAreLeftAlone(t *testing.T) {
	p := run(t, "sockets", "LISTEN_FDS=1", "LISTEN_PID=1", "LISTEN_FDNAMES=web", "Servers__web__Urls=http://127.0.0.1:0")
	if line := p.output.find(t, "server listening"); !strings.Contains(line, "http://127.0.0.1:") {
		t.Error(line)
	}
	p.manager.wait(t, "READY=1")
	p.signal(t, syscall.SIGTERM)
	p.end(t, 0)
}

func TestSocketsThatCannotBeAreTold(t *testing.T) {
	p := &process{manager: listen(t, ""), folder: t.TempDir()}
	p.cmd = exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0"`, os.Args[0])
	p.start(t, "plain", "LISTEN_FDS=many")
	p.output.find(t, "sockets of systemd not taken")
	p.signal(t, syscall.SIGTERM)
	p.end(t, 0)
}

// lockedBuffer is for what a process writes while others read.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
