package logging_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/logging"
)

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

func TestTagsHaveColoursOnATerminalOnly(t *testing.T) { // LO-10
	for name, c := range map[string]struct {
		env, behavior string
		colored       bool
	}{
		"terminal":         {"", "", true},
		"default":          {"", "Default", true},
		"disabled":         {"", "Disabled", false},
		"NO_COLOR":         {"NO_COLOR=1", "", false},
		"enabled NO_COLOR": {"NO_COLOR=1", "Enabled", true},
		"dumb":             {"TERM=dumb", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("NO_COLOR", "")
			t.Setenv("TERM", "xterm")
			if key, value, ok := strings.Cut(c.env, "="); ok {
				t.Setenv(key, value)
			}
			section := map[string]any{}
			if c.behavior != "" {
				section["Logging:Console:FormatterOptions:ColorBehavior"] = c.behavior
			}
			configuration, err := config.New(config.Map(section))
			if err != nil {
				t.Fatal(err)
			}
			screen, other := terminal(t)
			log, err := logging.New(configuration, logging.Settings{Output: screen})
			if err != nil {
				t.Fatal(err)
			}
			log.Warn("look", zap.Int("n", 1))
			got, err := bufio.NewReader(other).ReadString('\n') // one Read may get a part
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(got, "\x1b[33mwarn\x1b[0m") != c.colored || !strings.Contains(got, "look") {
				t.Errorf("screen shows %q", got)
			}
		})
	}
}

// What goes to standard error is looked at by itself: either of the two may be
// redirected.
func TestTheTerminalOfStandardErrorHasColours(t *testing.T) { // LO-9, LO-10
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	configuration, err := config.New(config.Map(map[string]any{"Logging:Console:LogToStandardErrorThreshold": "Warning"}))
	if err != nil {
		t.Fatal(err)
	}
	screen, other := terminal(t)
	redirected := &bytes.Buffer{}
	log, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(redirected), ErrorOutput: screen})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("plain")
	log.Warn("look")
	got, err := bufio.NewReader(other).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(got, "\x1b[33mwarn\x1b[0m") || strings.Contains(redirected.String(), "\x1b") {
		t.Errorf("screen shows %q, the other output %q", got, redirected)
	}
}
