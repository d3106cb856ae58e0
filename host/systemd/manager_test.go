//go:build linux

package systemd_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fxhost/fxhost/host/systemd"
)

// manager is the end of the socket where systemd is.
type manager struct {
	path string

	mu       sync.Mutex
	arrived  chan struct{} // something has arrived; no sync.Cond, which cannot wake a bubble from outside
	messages []string
	barriers int
}

// listen opens a socket, and has the program find it. An empty address makes one.
func listen(t *testing.T, address string) *manager {
	t.Helper()
	if address == "" {
		folder, err := os.MkdirTemp("", "notify") //nolint:usetesting // the path of t.TempDir is too long for a socket
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(folder) })
		address = filepath.Join(folder, "socket")
	}
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: address, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{path: address, arrived: make(chan struct{}, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buffer := make([]byte, 8192)
		for {
			n, err := socket.Read(buffer)
			if err != nil {
				return
			}
			m.mu.Lock()
			if message := string(buffer[:n]); message == barrier {
				m.barriers++
			} else {
				m.messages = append(m.messages, message)
			}
			m.mu.Unlock()
			select {
			case m.arrived <- struct{}{}:
			default:
			}
		}
	}()
	t.Cleanup(func() { _ = socket.Close(); <-ended })
	t.Setenv("NOTIFY_SOCKET", address)
	return m
}

const barrier = "BARRIER=1"

// received returns what has come since the last call, without the messages to the
// watchdog. What was sent before the call is there: messages do not overtake each
// other.
func (m *manager) received(t *testing.T) []string {
	t.Helper()
	return slices.DeleteFunc(m.all(t), func(message string) bool { return message == "WATCHDOG=1" })
}

func (m *manager) all(t *testing.T) []string {
	t.Helper()
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(barrier)); err != nil {
		t.Fatal(err)
	}
	for {
		m.mu.Lock()
		messages, done := m.messages, m.barriers > 0
		if done {
			m.messages = nil
			m.barriers--
		}
		m.mu.Unlock()
		if done {
			return messages
		}
		<-m.arrived
	}
}

// wait waits until a message has come that has text in it, and returns it. It is for
// programs that run in real time.
func (m *manager) wait(t *testing.T, text string) string {
	t.Helper()
	expired := time.After(time.Minute)
	for {
		m.mu.Lock()
		waiting := slices.Clone(m.messages)
		for i, message := range m.messages {
			if strings.Contains(message, text) {
				m.messages = slices.Delete(m.messages, 0, i+1)
				m.mu.Unlock()
				return message
			}
		}
		m.mu.Unlock()
		select {
		case <-m.arrived:
		case <-expired:
			t.Fatalf("no message with %q; there are %q", text, waiting)
		}
	}
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("messages\n%s\nwant\n%s", lines(got), lines(want))
	}
}

func lines(messages []string) string {
	var b strings.Builder
	for _, m := range messages {
		_, _ = fmt.Fprintf(&b, "\t%q\n", m)
	}
	return b.String()
}

func TestAMessageIsOfAssignmentsOfOneLine(t *testing.T) {
	m := listen(t, "")
	notifier := build(t)
	want(t, m.received(t)[:1], "STATUS=constructing")
	if !notifier.Enabled() {
		t.Error("not enabled")
	}
	if err := notifier.Notify("STATUS=half way", "EXTEND_TIMEOUT_USEC=1000"); err != nil {
		t.Error(err)
	}
	want(t, m.received(t), "STATUS=half way\nEXTEND_TIMEOUT_USEC=1000")
	for _, wrong := range []string{"READY", "=1", "STATUS=a\nREADY=1"} {
		if err := notifier.Notify(wrong); err == nil {
			t.Errorf("%q was sent", wrong)
		}
	}
	want(t, m.received(t))
}

func TestWithoutSystemdThereIsNobodyToNotify(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "/nowhere")
	notifier := build(t, systemd.Active(false))
	if notifier.Enabled() {
		t.Error("enabled")
	}
	if err := notifier.Notify("STATUS=x"); err != nil {
		t.Error(err)
	}
	if os.Getenv("NOTIFY_SOCKET") == "" {
		t.Error("the variable was taken, although Use does nothing")
	}
}

// until returns what came before a message that has text in it.
func (m *manager) until(t *testing.T, text string) (before []string) {
	t.Helper()
	for {
		message := m.wait(t, "")
		if strings.Contains(message, text) {
			return before
		}
		before = append(before, message)
	}
}
