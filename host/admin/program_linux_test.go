package admin_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/admin"
)

// runProgram runs a host with the page until its stdin is closed, if the test binary was
// started for that.
func runProgram() bool {
	if os.Getenv("ADMIN_TEST_PROGRAM") == "" {
		return false
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	builder := host.NewBuilder(nil)
	builder.Logging.Output = os.Stdout
	builder.Add(admin.Use())
	if err := builder.Run(ctx); err != nil {
		panic(err)
	}
	return true
}

// start starts the program with a stderr, and returns its stdout to the end.
func start(t *testing.T, stderr *os.File) (stop func() string) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), executable) //nolint:gosec // it is this test
	cmd.Env = append(os.Environ(), "ADMIN_TEST_PROGRAM=1")
	cmd.Dir = t.TempDir()
	cmd.Stderr = stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	all := make(chan string, 1)
	go func() {
		var text strings.Builder
		lines := bufio.NewScanner(stdout)
		for once := false; lines.Scan(); {
			text.WriteString(lines.Text() + "\n")
			if !once && strings.Contains(lines.Text(), "host started") {
				once = true
				close(started)
			}
		}
		all <- text.String()
	}()
	return func() string {
		t.Helper()
		select {
		case <-started:
		case text := <-all:
			t.Fatalf("the program has ended:\n%s", text)
		}
		_ = stdin.Close()
		text := <-all
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
		return text
	}
}

// The link is written to a terminal, once, and not to the log. Without a terminal it is
// written nowhere.
func TestTheLinkIsForATerminalAlone(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`admin page: http://127\.0\.0\.1:\d+/\?token=[A-Z2-7]{26}\r?\n`)

	screen, other := terminal(t)
	log := start(t, screen)()
	_ = screen.Close()
	text, _ := bufio.NewReader(other).ReadString('\n')
	if !link.MatchString(text) {
		t.Errorf("the terminal shows %q", text)
	}
	if strings.Contains(log, "token=") || !strings.Contains(log, "admin page is served") {
		t.Errorf("log:\n%s", log)
	}

	file, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	log = start(t, file)()
	written, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(written)+log, "token=") || !strings.Contains(log, "nobody can open the admin page: set Admin:Token") {
		t.Errorf("stderr:\n%s\nlog:\n%s", written, log)
	}
}

// terminal opens a pseudo terminal; what is written to screen can be read from
// the other end.
func terminal(t *testing.T) (screen, other *os.File) {
	t.Helper()
	other, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	if err := unix.IoctlSetPointerInt(int(other.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skip(err)
	}
	number, err := unix.IoctlGetInt(int(other.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skip(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	return screen, other
}
