package unit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fxhost/fxhost/internal/unit"
)

func write(t *testing.T, u unit.Unit) string {
	t.Helper()
	var out strings.Builder
	if err := u.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWhatDependsOnTheProgram(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		unit unit.Unit
		want []string
		not  []string
	}{
		"notifies": {
			unit.Unit{Notifies: true, Stop: 30 * time.Second},
			[]string{"Type=notify\n", "ExecReload=", "WatchdogSec=30s\n", "TimeoutStopSec=35s\n", "ProtectHome=yes\n"},
			[]string{"TimeoutStartSec", "systemd.Use"},
		},
		"says nothing": {
			unit.Unit{},
			[]string{"Type=exec\n", "It does with systemd.Use(builder)", "TimeoutStopSec=infinity\n"},
			[]string{"WatchdogSec", "ExecReload", "Type=notify\n"},
		},
		"limits": {
			unit.Unit{Start: 1500 * time.Millisecond, Stop: time.Minute},
			[]string{"TimeoutStartSec=7s\n", "TimeoutStopSec=65s\n"},
			nil,
		},
		"words": {
			unit.Unit{
				Executable: "/opt/my app/run$x", Directory: "/opt/100%", Name: "my\nExecStart=/bin/evil",
				Arguments: []string{"--a=$HOME", `--b="q" \ %n`, "", "--c=1\n2"}, Environment: [][2]string{{"A", "x y"}},
			},
			[]string{
				`ExecStart="/opt/my app/run$x" --a=$$HOME "--b=\"q\" \\ %%n" "" "--c=1\n2"` + "\n",
				"WorkingDirectory=/opt/100%%\n", "Description=my ExecStart=/bin/evil\n", `Environment="A=x y"` + "\n",
			},
			[]string{"\nExecStart=/bin/evil"},
		},
		"home": {
			unit.Unit{Executable: "/home/ada/shop", Directory: "/srv", Name: "shop"},
			[]string{"ProtectHome=read-only\n", "move it, such as to /opt/shop.\n"},
			nil,
		},
	} {
		text := write(t, c.unit)
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", name, want, text)
			}
		}
		for _, not := range c.not {
			if strings.Contains(text, not) {
				t.Errorf("%s: %q in\n%s", name, not, text)
			}
		}
	}
}

func TestAFileNameIsThatOfAUnit(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"orders": "orders", "My Shop": "My-Shop", "../etc/x": "etc-x", "": "app", "...": "app", "ü": "app", "a@b": "a-b",
	} {
		if got := unit.FileName(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAFailureToWriteIsReturned(t *testing.T) {
	t.Parallel()
	u := unit.Unit{}
	if err := u.Write(broken{}); err == nil {
		t.Error("no error")
	}
}
