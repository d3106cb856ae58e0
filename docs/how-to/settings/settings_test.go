package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/docs/how-to/settings"
	"github.com/fxhost/fxhost/host"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// write replaces a file in one step: the watcher looks at once when it starts, and
// must not see half a file.
func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// shown is a file of the pages.
func shown(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// build builds the program in a folder; its records are in logs.
func build(t *testing.T, folder string, args ...string) (*host.Builder, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	builder := settings.NewBuilder(append([]string{"--contentRoot=" + folder}, args...))
	builder.Logging.Options = []zap.Option{zap.WrapCore(func(zapcore.Core) zapcore.Core { return core })}
	builder.UseLifetime(nil)
	return builder, logs
}

func TestLayers(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"appsettings.json", "appsettings.Staging.json"} {
		write(t, filepath.Join(folder, name), shown(t, name))
	}
	t.Setenv("Import__Folder", "elsewhere")
	builder, _ := build(t, folder, "--environment=Staging", "-i", "5s")
	secrets := t.TempDir()
	write(t, filepath.Join(secrets, "Import__MaxSize"), "2MiB\n")
	if err := settings.AddSecrets(builder, secrets); err != nil {
		t.Fatal(err)
	}
	var options *settings.Options
	builder.Add(fx.Populate(&options))
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if got := *options; got != (settings.Options{Interval: 5 * time.Second, Limit: 50, MaxSize: 2 << 20, Folder: "elsewhere"}) {
		t.Errorf("options %+v", got)
	}
	view := strings.ReplaceAll(builder.Configuration.DebugView(), secrets, "/run/secrets")
	if want := shown(t, "view.txt"); !strings.Contains(view, want) {
		t.Errorf("it is not in the view:\n%s\nbut\n%s", want, view)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestInvalidOptionsAreToldAtOnce(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "appsettings.json"), `{
  "Import": {
    "Interval": "0s",
    "Limit": 5000
  }
}`)
	builder, _ := build(t, folder)
	_, err := builder.Build()
	want := strings.TrimSpace(shown(t, "invalid.txt"))
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func wait(t *testing.T, until func() bool) {
	t.Helper()
	for begin := time.Now(); !until(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatal("nothing has changed for 20 seconds")
		}
	}
}
