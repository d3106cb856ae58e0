//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// image is a root with nothing but the program, as the Dockerfile makes it.
type image struct {
	t           *testing.T
	root        string
	isRoot      bool // of the program, too
	entrypoint  []string
	healthcheck []string
}

// newImage builds the program where the Dockerfile puts it.
func newImage(t *testing.T) *image {
	t.Helper()
	root := t.TempDir()
	t.Cleanup(func() { _ = os.Chmod(root, 0o755) }) // so that it can be removed
	i := &image{t: t, root: root}
	i.entrypoint, i.healthcheck = i.instruction(`ENTRYPOINT (.*)`), i.instruction(`HEALTHCHECK .*CMD (.*)`)
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", filepath.Join(root, i.entrypoint[0]), ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if err := os.Chmod(root, 0o555); err != nil { // read only
		t.Fatal(err)
	}
	i.isRoot = os.Getuid() == 0
	if err := i.command(append(i.entrypoint, "--version")).Run(); errors.Is(err, os.ErrPermission) {
		i.isRoot = false
	}
	if !i.isRoot {
		t.Log("not allowed to change the root: the program has that of the machine, and not one with nothing else in it")
	}
	return i
}

// instruction is the command of the Dockerfile in the form of JSON.
func (i *image) instruction(pattern string) (command []string) {
	i.t.Helper()
	file, err := os.ReadFile("Dockerfile")
	if err != nil {
		i.t.Fatal(err)
	}
	match := regexp.MustCompile("(?m)^" + pattern + "$").FindSubmatch(file)
	if match == nil {
		i.t.Fatalf("no %s in the Dockerfile", pattern)
	}
	if err := json.Unmarshal(match[1], &command); err != nil {
		i.t.Fatal(err)
	}
	return command
}

// command is one in the image: in a root of its own and as its user if the test may
// do that.
func (i *image) command(command []string, env ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(i.t.Context(), 5*time.Minute)
	i.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, filepath.Join(i.root, command[0]), command[1:]...)
	cmd.Dir = i.root
	cmd.Env = env
	if i.isRoot {
		cmd.Path, cmd.Dir = command[0], "/app"
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: i.root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	}
	return cmd
}

// warehouse sends prices once it has some.
func warehouse(t *testing.T) (address string, hasPrices *atomic.Bool) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hasPrices = &atomic.Bool{}
	done := make(chan struct{})
	t.Cleanup(func() {
		_ = listener.Close()
		<-done
	})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if hasPrices.Load() {
				_, _ = fmt.Fprintln(conn, "apples 3")
			}
			_ = conn.Close()
		}
	}()
	return listener.Addr().String(), hasPrices
}

func TestTheImage(t *testing.T) {
	t.Parallel()
	i := newImage(t)
	address, hasPrices := warehouse(t)
	cmd := i.command(i.entrypoint, "Health__Urls=http://*:0", "Shop__Warehouse="+address, "Shop__Interval=10ms",
		"Logging__Console__FormatterName=json")
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	urls := ""
	lines := bufio.NewScanner(stdout)
	for urls == "" && lines.Scan() {
		var record struct{ Message, Address string }
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatalf("%v in %s", err, lines.Text())
		}
		if record.Message == "health is served" {
			_, port, _ := net.SplitHostPort(record.Address)
			urls = "Health__Urls=http://*:" + port
		}
	}
	if urls == "" {
		t.Fatal("not served")
	}

	probe := func(command []string) (code int, said string) {
		output, err := i.command(command, urls).CombinedOutput()
		var exit *exec.ExitError
		switch {
		case err == nil:
			return 0, string(output)
		case errors.As(err, &exit):
			return exit.ExitCode(), string(output)
		}
		t.Fatal(err)
		return 0, ""
	}
	until := func(code int, said string) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; {
			gotCode, got := probe(i.healthcheck)
			if gotCode == code && got == said {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%d %q, want %d %q", gotCode, got, code, said)
			}
		}
	}
	until(1, "host: --probe ready: not ready: check prices is unhealthy\n")
	if code, said := probe(append(i.healthcheck[:2:2], "live")); code != 0 {
		t.Errorf("not live: %s", said)
	}
	hasPrices.Store(true)
	until(0, "")

	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() { // to the end
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// The file beside the program is what it prints.
func TestTheDeployment(t *testing.T) {
	t.Parallel()
	i := newImage(t)
	want, err := os.ReadFile("deployment.yaml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := i.command(append(i.entrypoint, "--print-manifest", "--drainDelaySeconds=5")).Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("deployment.yaml is not what the program prints:\n%s", got)
	}
}
