package logging_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

// changing is a logger with its levels, and what changes its configuration.
func changing(t *testing.T, section changeable) (log *zap.Logger, levels *logging.Levels, reload func()) {
	t.Helper()
	configuration, err := config.New(section.source())
	if err != nil {
		t.Fatal(err)
	}
	log, err = logging.New(configuration, logging.Settings{Output: zapcore.AddSync(&bytes.Buffer{})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = logging.Close(log) })
	levels, ok := logging.LevelsOf(category.Named(log, "some"))
	if !ok {
		t.Fatal("it has no levels")
	}
	return log, levels, func() {
		t.Helper()
		if err := configuration.Reload(); err != nil {
			t.Fatal(err)
		}
	}
}

func wantLevel(t *testing.T, levels *logging.Levels, log *zap.Logger, name, want string) {
	t.Helper()
	if got := levels.Level(name); got != want {
		t.Errorf("level of %s is %s, want %s", name, got, want)
	}
	if debug := category.Named(log, name).Core().Enabled(zapcore.DebugLevel); debug != (want == "Debug" || want == "Trace") {
		t.Errorf("%s at %s: debug is enabled: %v", name, want, debug)
	}
}

func TestALevelIsChangedForAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		section := changeable{
			"LogLevel:Default": "Warning", "Console:LogLevel:orders.import": "Error",
			"File:Path": filepath.Join(t.TempDir(), "log"), "File:LogLevel:orders": "Error",
		}
		log, levels, reload := changing(t, section)
		if err := levels.Change("orders", "debug", 15*time.Minute); err != nil {
			t.Fatal(err)
		}
		wantLevel(t, levels, log, "orders.import", "Debug") // in spite of the console's own rule
		wantLevel(t, levels, log, "billing", "Warning")
		want := []logging.LevelChange{{Category: "orders", Level: "Debug", Until: time.Now().Add(15 * time.Minute)}}
		if changes := levels.Changes(); !slices.Equal(changes, want) {
			t.Errorf("changes %v, want %v", changes, want)
		}

		time.Sleep(14 * time.Minute)
		section["LogLevel:Default"] = "Information"
		reload()
		wantLevel(t, levels, log, "orders", "Debug")
		wantLevel(t, levels, log, "billing", "Information")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		wantLevel(t, levels, log, "orders", "Information")
		if changes := levels.Changes(); len(changes) != 0 {
			t.Errorf("changes %v", changes)
		}
	})
}

func TestAResetCancelsTheExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, levels, _ := changing(t, changeable{})
		change := func(category, level string, d time.Duration) {
			t.Helper()
			if err := levels.Change(category, level, d); err != nil {
				t.Fatal(err)
			}
		}
		change("orders", "Debug", 15*time.Minute)
		time.Sleep(5 * time.Minute)
		if !levels.Reset("Orders") || levels.Reset("orders") {
			t.Error("Reset tells of the wrong one")
		}
		wantLevel(t, levels, log, "orders", "Information")
		change("orders", "Debug", 20*time.Minute)
		change("ORDERS", "Trace", 0) // replaces it
		change("Default", "Error", time.Hour)
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		wantLevel(t, levels, log, "orders", "Trace")
		wantLevel(t, levels, log, "billing", "Error")
		if err := logging.Close(log); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		wantLevel(t, levels, log, "billing", "Error")
	})
}

func TestWhatIsNoLevelChangesNothing(t *testing.T) {
	t.Parallel()
	log, levels, _ := changing(t, changeable{})
	for _, c := range []struct {
		category, level string
		d               time.Duration
		want            string
	}{
		{"orders", "loud", 0, `logging: level "loud": unknown level`},
		{"", "debug", 0, `logging: no category; write "Default" for all`},
		{"a*b*c", "debug", 0, `logging: category "a*b*c": a category has at most one "*"`},
		{"a", "debug", -1, `logging: -1ns: must not be less than zero`},
	} {
		if err := levels.Change(c.category, c.level, c.d); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	wantLevel(t, levels, log, "orders", "Information")
	if _, ok := logging.LevelsOf(zap.NewNop()); ok {
		t.Error("a logger of plain zap has levels")
	}
}

func TestEveryLevelHasAName(t *testing.T) {
	t.Parallel()
	_, levels, _ := changing(t, changeable{})
	for _, name := range []string{"Trace", "Debug", "Information", "Warning", "Error", "Critical", "panic", "fatal", "None"} {
		if err := levels.Change("Default", name, 0); err != nil || levels.Level("a") != name {
			t.Errorf("%s: %v, %s", name, err, levels.Level("a"))
		}
	}
}
