package usersecrets_test

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/fxhost/fxhost/internal/usersecrets"
)

// asWriter is set for a test binary that is to set one secret.
const asWriter = "USERSECRETS_TEST_KEY"

func TestMain(m *testing.M) {
	if key := os.Getenv(asWriter); key != "" {
		if err := usersecrets.Set("app", key, "x"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Many processes that set a secret each at a time: none is lost.
func TestNothingIsLostWhenManyWriteAtATime(t *testing.T) {
	home := t.TempDir()
	const writers = 40
	var children []*exec.Cmd
	for i := range writers {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=k%02d", asWriter, i), "GORACE=atexit_sleep_ms=0")
		for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} {
			cmd.Env = append(cmd.Env, name+"="+home)
			t.Setenv(name, home)
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, cmd)
	}
	for _, cmd := range children {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if keys, err := usersecrets.List("app"); err != nil || len(keys) != writers {
		t.Errorf("%d of %d are kept, %v", len(keys), writers, err)
	}
}

func TestAKeyThatCannotBeSeenIsNone(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	if err := usersecrets.Set("app", "a\x1b", "x"); err == nil || err.Error() != `user secrets: "a\x1b" is no key` {
		t.Error(err)
	}
}
