//go:build linux

package systemd_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// booted is the systemd of this machine, as process 1 of namespaces of its own.
type booted struct {
	pid    int
	folder string // /run/test in there
}

// boot boots systemd with these units, or skips the test where that is not possible.
func boot(t *testing.T, units map[string]string) *booted {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("systemd is not booted: only root can")
	}
	for _, file := range []string{"/lib/systemd/systemd", "/usr/bin/systemctl", "/usr/bin/journalctl", "/usr/bin/unshare", "/usr/bin/nsenter"} {
		if _, err := os.Stat(file); err != nil {
			t.Skip("systemd is not booted: ", err)
		}
	}
	folder, err := os.MkdirTemp("", "boot") //nolint:usetesting // the path of t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	b := &booted{folder: folder}
	if err := os.Chmod(folder, 0o755); err != nil { //nolint:gosec // journald and others look into it
		t.Fatal(err)
	}
	units["test.target"] = "[Unit]\nRequires=systemd-journald.service\nAfter=systemd-journald.service\n"
	for name, text := range units {
		b.write(t, "units/"+name, text)
	}
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "program"), program, 0o755); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	log := &bytes.Buffer{}
	if err := b.run(t, log); err != nil {
		t.Skipf("systemd is not booted: %v\n%s", err, log)
	}
	return b
}

func (b *booted) run(t *testing.T, log *bytes.Buffer) error {
	t.Helper()
	group, err := newGroup(t)
	if err != nil {
		return err
	}
	script, err := filepath.Abs("testdata/boot.sh")
	if err != nil {
		return err
	}
	// Pdeathsig is sent at the end of the thread: this one is to stay.
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	var output lockedBuffer
	cmd := exec.Command(script, b.folder)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		Pdeathsig:  syscall.SIGKILL, UseCgroupFD: true, CgroupFD: int(group.Fd()),
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // with all that it has started
		<-ended
	})
	b.pid = cmd.Process.Pid
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		state, _ := b.try("systemctl", "is-system-running")
		if state == "running" || state == "degraded" {
			return nil
		}
		select {
		case err := <-ended:
			log.WriteString(output.String())
			return fmt.Errorf("it has ended: %w", err)
		default:
		}
		if time.Now().After(deadline) {
			log.WriteString(output.String())
			return fmt.Errorf("it is %q after a minute", state)
		}
	}
}

// newGroup makes a cgroup.
func newGroup(t *testing.T) (*os.File, error) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[2] != "cgroup2" {
			continue
		}
		path, err := os.MkdirTemp(fields[1], "fxhost-test-") //nolint:usetesting // it is a cgroup
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() {
			_ = os.WriteFile(filepath.Join(path, "cgroup.kill"), []byte("1"), 0)
			for deadline := time.Now().Add(time.Minute); removeGroup(path) != nil && time.Now().Before(deadline); {
				time.Sleep(10 * time.Millisecond) // its last processes end
			}
		})
		group, err := os.Open(path)
		if err == nil {
			t.Cleanup(func() { _ = group.Close() })
		}
		return group, err
	}
	return nil, fmt.Errorf("there is no cgroup2")
}

func removeGroup(path string) error {
	children, _ := os.ReadDir(path)
	for _, child := range children {
		if child.IsDir() {
			if err := removeGroup(filepath.Join(path, child.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(path)
}

// try runs a command in there.
func (b *booted) try(command ...string) (string, error) {
	args := append([]string{"-t", fmt.Sprint(b.pid), "--pid", "--mount", "--ipc", "--uts", "--cgroup", "--"}, command...)
	cmd := exec.Command("nsenter", args...)
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	output, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(output)), err
}

func (b *booted) do(t *testing.T, command ...string) string {
	t.Helper()
	output, err := b.try(command...)
	if err != nil {
		t.Errorf("%q: %v\n%s", command, err, output)
	}
	return output
}

// show is a property of a unit.
func (b *booted) show(t *testing.T, unit, property string) string {
	t.Helper()
	return b.do(t, "systemctl", "show", "--property="+property, "--value", unit)
}

// until waits for a condition.
func (b *booted) until(t *testing.T, unit, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			status, _ := b.try("systemctl", "status", unit)
			t.Fatalf("not %s:\n%s\n%s", what, status, b.journal(t, unit))
		}
	}
}

// untilShow waits until a property has a text in it.
func (b *booted) untilShow(t *testing.T, unit, property, text string) {
	t.Helper()
	b.until(t, unit, property+" "+text, func() bool { return strings.Contains(b.show(t, unit, property), text) })
}

func (b *booted) journal(t *testing.T, unit string) string {
	t.Helper()
	b.do(t, "journalctl", "--sync")
	return b.do(t, "journalctl", "--unit="+unit, "--output=cat")
}

func (b *booted) untilLogged(t *testing.T, unit, text string) {
	t.Helper()
	b.until(t, unit, "logged "+text, func() bool { return strings.Contains(b.journal(t, unit), text) })
}

func (b *booted) write(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(b.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // as above
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte(text), 0o644); err != nil { //nolint:gosec // as above
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// unit is a service that runs one of the programs.
func unit(program string, lines ...string) string {
	return "[Unit]\nDefaultDependencies=no\nStartLimitIntervalSec=0\n[Service]\nType=notify\nExecStart=/run/test/program\n" +
		"Environment=\"" + programVariable + "=" + program + "\"\n" + strings.Join(lines, "\n") + "\n"
}

func TestUnderARealSystemd(t *testing.T) {
	if testing.Short() {
		t.Skip("systemd is not booted: -short")
	}
	b := boot(t, map[string]string{
		"plain.service": unit("plain"),
		// It takes 8 s, of 5.
		"slow.service": unit("slow start", "TimeoutStartSec=5", "Environment=TICK=400ms EXTEND=10s"),
		"hung.service": unit("hung start", "TimeoutStartSec=2", "Environment=EXTEND=1s"),
		"deadlock.service": unit("deadlock", "WatchdogSec=2", "Environment=TICK=500ms",
			"Restart=on-failure", "RestartSec=100ms"),
		"stop.service": unit("slow stop", "Environment=RELEASE=/run/test/release drainDelaySeconds=1"),
		"fault.service": unit("fault", "Environment=TICK=200ms",
			"Restart=on-failure", "RestartSec=200ms"),
		"settings.service": unit("settings", "WorkingDirectory=/run/test/settings", "ExecReload=/bin/kill -HUP $MAINPID",
			"Environment=hostBuilder__reloadConfigOnChange=false"),
		"sockets.service": unit("sockets"),
		"sockets.socket":  "[Unit]\nDefaultDependencies=no\n[Socket]\nListenStream=/run/test/web\nFileDescriptorName=web\n",
		"levels.service":  unit("levels"),
	})
	b.write(t, "settings/appsettings.json", `{"Worker": {"Limit": 1}}`)

	// Side by side: most of them wait.
	t.Run("units", func(t *testing.T) {
		t.Run("start returns when all have started", func(t *testing.T) {
			t.Parallel()
			b.do(t, "systemctl", "start", "plain")
			if got := b.show(t, "plain", "StatusText"); got != "running, 3 services" { // with the watcher of the settings
				t.Errorf("status %q", got)
			}
			b.do(t, "systemctl", "stop", "plain")
			if got := b.show(t, "plain", "Result"); got != "success" {
				t.Errorf("result %q", got)
			}
			b.untilLogged(t, "plain", "host stopped")
		})
		t.Run("a slow start that moves survives TimeoutStartSec", func(t *testing.T) {
			t.Parallel()
			b.do(t, "systemctl", "start", "slow")
			if got := b.show(t, "slow", "StatusText"); got != "running, 21 services" {
				t.Errorf("status %q", got)
			}
		})
		t.Run("a hung start does not", func(t *testing.T) {
			t.Parallel()
			if output, err := b.try("systemctl", "start", "hung"); err == nil {
				t.Errorf("it has started: %s", output)
			}
			if got := b.show(t, "hung", "Result"); got != "timeout" {
				t.Errorf("result %q", got)
			}
		})
		t.Run("a deadlock is restarted", func(t *testing.T) {
			t.Parallel()
			b.do(t, "systemctl", "start", "deadlock")
			b.untilLogged(t, "deadlock", "host is not live: watchdog of systemd not fed")
			b.untilLogged(t, "deadlock", "Watchdog timeout")
			b.until(t, "deadlock", "restarted", func() bool { return b.show(t, "deadlock", "NRestarts") != "0" })
			b.do(t, "systemctl", "stop", "deadlock")
		})
		t.Run("stop drains, and says what it waits for", func(t *testing.T) {
			t.Parallel()
			b.do(t, "systemctl", "start", "stop")
			b.do(t, "systemctl", "stop", "--no-block", "stop")
			b.untilShow(t, "stop", "StatusText", "stopping, waiting for slow")
			b.write(t, "release", "")
			b.untilShow(t, "stop", "ActiveState", "inactive")
			journal := b.journal(t, "stop")
			if drained := strings.Index(journal, "host draining"); drained < 0 || drained > strings.Index(journal, "host stopping") {
				t.Errorf("no drain before the stop:\n%s", journal)
			}
			if got := b.show(t, "stop", "Result"); got != "success" {
				t.Errorf("result %q", got)
			}
		})
		t.Run("a fault is restarted", func(t *testing.T) {
			t.Parallel()
			_, _ = b.try("systemctl", "start", "fault") // the fault may come before READY
			b.untilLogged(t, "fault", "code=exited, status=1/FAILURE")
			b.until(t, "fault", "restarted", func() bool { return b.show(t, "fault", "NRestarts") != "0" })
			b.do(t, "systemctl", "stop", "fault")
		})
		t.Run("reload", func(t *testing.T) {
			t.Parallel()
			b.do(t, "systemctl", "start", "settings")
			b.write(t, "settings/appsettings.json", `{"Worker": {"Limit": 2}}`)
			b.do(t, "systemctl", "reload", "settings")
			b.untilLogged(t, "settings", "limit 2")
			b.write(t, "settings/appsettings.json", `{"Worker": {"Limit": "many"}}`)
			b.do(t, "systemctl", "reload", "settings")
			b.untilShow(t, "settings", "StatusText", "configuration not reloaded, see the log")
			b.untilShow(t, "settings", "ActiveState", "active")
			if got := b.show(t, "settings", "NRestarts"); got != "0" {
				t.Errorf("%s restarts", got)
			}
		})
		t.Run("no connection is refused in a restart", func(t *testing.T) {
			t.Parallel()
			b.do(t, "systemctl", "start", "sockets.socket")
			first := b.get(t)
			restarted := make(chan struct{})
			go func() {
				defer close(restarted)
				_, _ = b.try("systemctl", "restart", "sockets.service")
			}()
			var served []string
			for done := false; !done; {
				select {
				case <-restarted:
					done = true
				default:
				}
				served = append(served, b.get(t))
			}
			if served[len(served)-1] == first {
				t.Errorf("process %s has answered before and after the restart", first)
			}
			t.Logf("%d requests, by processes %v", len(served), slices.Compact(served))
		})
		t.Run("a printed unit runs", func(t *testing.T) {
			t.Parallel()
			const folder = "/etc/systemd/system/printed.service"
			b.do(t, "sh", "-c", "SYSTEMD_TEST_PROGRAM=plain /run/test/program --print-unit --contentRoot=/run/test/settings "+
				"--drainDelaySeconds=1 --Worker:Name='100% \"sure\" $HOME' >"+folder)
			if output := b.do(t, "systemd-analyze", "verify", folder); output != "" {
				t.Error(output)
			}
			// What the machine of the test does not have: a boot, and another program in the binary.
			b.do(t, "sh", "-c", "mkdir "+folder+".d && printf '[Unit]\nDefaultDependencies=no\n[Service]\nEnvironment=SYSTEMD_TEST_PROGRAM=arguments\n' >"+
				folder+".d/test.conf")
			b.do(t, "systemctl", "daemon-reload")
			b.do(t, "systemctl", "start", "printed")
			for property, want := range map[string]string{
				"StatusText": "running, 2 services", "TimeoutStopUSec": "36s", "WatchdogUSec": "30s",
				"WorkingDirectory": "/run/test/settings", "DynamicUser": "yes",
			} {
				if got := b.show(t, "printed", property); got != want {
					t.Errorf("%s is %q, want %q\n%s", property, got, want, b.journal(t, "printed"))
				}
			}
			b.untilLogged(t, "printed", `["--Worker:Name=100% \"sure\" $HOME" "--drainDelaySeconds=1"]`)
			b.do(t, "systemctl", "reload", "printed")
			b.untilLogged(t, "printed", "configuration reloaded")
			b.do(t, "systemctl", "stop", "printed")
			b.untilLogged(t, "printed", "host draining")
		})
		t.Run("the journal has the levels", func(t *testing.T) {
			t.Parallel()
			b.do(t, "systemctl", "start", "levels")
			b.untilLogged(t, "levels", "host started")
			for priority, want := range map[string]string{"info": "an info record", "warning": "a warning", "err": "an error record"} {
				got := b.do(t, "journalctl", "--unit=levels", "--output=cat", "--priority="+priority+".."+priority)
				if !strings.Contains(got, want) || strings.Contains(got, "<") {
					t.Errorf("at %s:\n%s", priority, got)
				}
			}
		})
	})
}

// get asks the server, over a connection of its own, which process it is.
func (b *booted) get(t *testing.T) string {
	t.Helper()
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(b.folder, "web"))
		},
	}}
	// POST, which the client does not try again by itself.
	response, err := client.Post("http://web/", "text/plain", strings.NewReader("x"))
	if err != nil {
		t.Error(err)
		return ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return strings.TrimSpace(string(body))
}
