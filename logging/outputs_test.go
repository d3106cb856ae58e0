package logging_test

import (
	"bytes"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

// A file is opened once, so that a load that takes it out of the configuration, or
// puts one in, changes nothing but the levels.
func TestAFileStaysWhenItLeavesTheConfiguration(t *testing.T) { // LO-3
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	section := changeable{"LogLevel:Default": "Warning", "File": map[string]any{"Path": path, "LogLevel:Default": "Debug"}}
	configuration, err := config.New(section.source())
	if err != nil {
		t.Fatal(err)
	}
	console := &bytes.Buffer{}
	log, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(console)})
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("first")
	delete(section, "File")
	if err := configuration.Reload(); err != nil {
		t.Fatal(err)
	}
	log.Debug("second") // the general level is the file's now
	log.Warn("third")
	if err := logging.Close(log); err != nil {
		t.Error(err)
	}
	got := read(t, path)
	if !strings.Contains(got, "first") || strings.Contains(got, "second") || !strings.Contains(got, "third") {
		t.Errorf("file\n%s", got)
	}
	if n := strings.Count(console.String(), "\n"); n != 1 {
		t.Errorf("console\n%s", console)
	}
}

func TestAFileThatComesLaterIsNotOpened(t *testing.T) { // LO-3
	t.Parallel()
	section := changeable{}
	configuration, err := config.New(section.source())
	if err != nil {
		t.Fatal(err)
	}
	console := &bytes.Buffer{}
	log, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(console)})
	if err != nil {
		t.Fatal(err)
	}
	section["File"] = map[string]any{"Path": filepath.Join(t.TempDir(), "no", "app.log"), "LogLevel:Default": "Debug"}
	if err := configuration.Reload(); err != nil {
		t.Fatal(err)
	}
	log.Debug("no")
	log.Info("yes")
	if n := strings.Count(console.String(), "\n"); n != 1 || log.Core().Enabled(zapcore.DebugLevel) {
		t.Errorf("console\n%s", console)
	}
}

func TestOptionsApplyToConsoleAndFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	configuration, err := config.New(config.Map(map[string]any{
		"Logging:File:Path": path, "Logging:File:LogLevel:Default": "Debug", "Logging:Console:LogLevel:Default": "Error",
	}))
	if err != nil {
		t.Fatal(err)
	}
	console, hooked := &bytes.Buffer{}, 0
	log, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(console), Options: []zap.Option{
		zap.Fields(zap.String("app", "x")), zap.IncreaseLevel(zapcore.InfoLevel),
		zap.Hooks(func(zapcore.Entry) error { hooked++; return nil }),
	}})
	if err != nil {
		t.Fatal(err)
	}
	named := category.Named(log, "orders")
	named.Debug("no")
	named.Info("in the file")
	named.Error("in both")
	if logging.Slog(log).Enabled(t.Context(), slog.LevelDebug) {
		t.Error("debug is enabled, though an option has raised the level")
	}
	if err := logging.Close(log); err != nil {
		t.Error(err)
	}
	if got := read(t, path); strings.Count(got, `"app":"x"`) != 2 || strings.Contains(got, `"no"`) {
		t.Errorf("file\n%s", got)
	}
	if got := console.String(); strings.Count(got, `"app": "x"`) != 1 || !strings.Contains(got, "in both") {
		t.Errorf("console\n%s", got)
	}
	if hooked != 2 {
		t.Errorf("%d records came to the hook, want 2", hooked)
	}
}

// passing is a core as they are often written: it names itself in Check and passes
// on what it is given.
type passing struct{ zapcore.Core }

func (p passing) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(e, p)
}

func (p passing) With(fields []zapcore.Field) zapcore.Core { return passing{p.Core.With(fields)} }

func TestACoreThatDoesNotAskCheckKeepsTheOutputs(t *testing.T) { // LO-1, LO-9
	t.Parallel()
	path := filepath.Join(t.TempDir(), "app.log")
	configuration, err := config.New(config.Map(map[string]any{"Logging": map[string]any{
		"Console": map[string]any{"LogLevel:Default": "Warning", "LogToStandardErrorThreshold": "Error"},
		"File":    map[string]any{"Path": path, "LogLevel:quiet": "None"},
	}}))
	if err != nil {
		t.Fatal(err)
	}
	full := errors.New("disk full")
	out, bad := &bytes.Buffer{}, &bytes.Buffer{}
	log, err := logging.New(configuration, logging.Settings{
		Output: zapcore.AddSync(out), ErrorOutput: syncer{bad, full},
		Options: []zap.Option{zap.WrapCore(func(c zapcore.Core) zapcore.Core { return passing{c} })},
	})
	if err != nil {
		t.Fatal(err)
	}
	log.Info("first")
	log.With(zap.Int("n", 1)).Named("quiet").Warn("second")
	log.Error("third")
	if err := logging.Close(log); !errors.Is(err, full) {
		t.Errorf("error %v, want that of the error output", err)
	}
	for name, c := range map[string]struct{ got, want string }{
		"file": {read(t, path), "first third"}, "output": {out.String(), "second"}, "error output": {bad.String(), "third"},
	} {
		var has []string
		for _, message := range []string{"first", "second", "third"} {
			if strings.Contains(c.got, message) {
				has = append(has, message)
			}
		}
		if strings.Join(has, " ") != c.want {
			t.Errorf("%s has %q, want %q", name, has, c.want)
		}
	}
}

func TestARecordForTwoOutputsIsSampledOnce(t *testing.T) { // Z4
	t.Parallel()
	log, _ := toFile(t, t.TempDir(), map[string]any{
		"File:Path": "app.log", "Sampling": map[string]any{"Every": "1h", "First": 1, "Thereafter": 0},
	})
	for range 3 {
		log.Info("the same")
	}
	if n := logging.Dropped(log); n != 2 {
		t.Errorf("%d dropped, want 2", n)
	}
}
