package settings_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/docs/how-to/settings"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/logging"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
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
	var options *config.Options[settings.Options]
	builder.Add(fx.Populate(&options))
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if got := *options.Value(); got != (settings.Options{Interval: 5 * time.Second, Limit: 50, MaxSize: 2 << 20, Folder: "elsewhere"}) {
		t.Errorf("options %+v", got)
	}
	view := builder.Configuration.DebugView()
	for _, line := range []string{
		`Import:Interval = "5s" (command line)`,
		`Import:Limit = 50 (appsettings.Staging.json:1)`,
		`Import:Folder = "elsewhere" (environment)`,
		`Import:MaxSize = *** (` + secrets + `)`,
	} {
		if !strings.Contains(view, line+"\n") {
			t.Errorf("%s is not in\n%s", line, view)
		}
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
	const want = `host: build: config: Import:Limit: 5000: must be 1 to 1000 (appsettings.json:4)
config: Import:Interval: "0s": must be more than zero (appsettings.json:3)`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

// On the real clock, since the watcher waits for the system.
func TestAChangedFileIsReloaded(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "appsettings.json")
	write(t, path, `{"Import": {"Interval": "1h"}}`)
	builder, logs := build(t, folder)
	var options *config.Monitor[settings.Options]
	builder.Add(fx.Populate(&options))
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, path, `{"Import": {"Interval": "2h"}}`)
	wait(t, func() bool { return options.Current().Interval == 2*time.Hour })
	wait(t, func() bool { return logs.FilterMessage("options changed").Len() == 1 })

	write(t, path, `{"Import": {"Interval": "2"}}`)
	wait(t, func() bool {
		status, _ := h.Services().Get("config.Watcher")
		return status.LastError != nil
	})
	if got := options.Current().Interval; got != 2*time.Hour {
		t.Errorf("interval %v", got)
	}
	failed := logs.FilterMessage("configuration not reloaded").All()
	if len(failed) != 1 || failed[0].LoggerName != "fxhost.config" {
		t.Errorf("records %v", failed)
	}

	write(t, path, `{"Import": {"Interval": "1h"}, "Logging": {"LogLevel": {"settings": "Debug"}}}`)
	wait(t, func() bool { return options.Current().Interval == time.Hour })
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
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

func TestALevelIsChangedWhileTheProgramRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var configuration *config.Manager
		h := hosttest.Start(t, hosttest.Settings{"Logging:LogLevel:settings": "Information"}, settings.Module(), fx.Populate(&configuration))
		time.Sleep(10*time.Minute + time.Second)
		if n := h.Logs.FilterMessage("import").Len(); n != 0 {
			t.Errorf("%d records before", n)
		}
		if err := settings.Verbose(configuration, "settings.Import"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if n := h.Logs.FilterMessage("import").Len(); n != 10 {
			t.Errorf("%d records after", n)
		}
	})
}

func TestTheFilesOfLevelsAreRead(t *testing.T) {
	for name, want := range map[string]struct{ orders, importer bool }{
		"levels.json": {true, false}, "file.json": {true, true}, "changed.json": {true, true},
	} {
		configuration, err := config.New(config.File(name))
		if err != nil {
			t.Fatal(err)
		}
		log, err := logging.New(configuration, logging.Settings{ContentRoot: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		orders, importer := log.Named("orders").Check(zap.DebugLevel, ""), log.Named("orders.Importer").Check(zap.DebugLevel, "")
		if (orders != nil) != want.orders || (importer != nil) != want.importer {
			t.Errorf("%s: orders %v, orders.Importer %v", name, orders != nil, importer != nil)
		}
		if err := logging.Close(log); err != nil {
			t.Error(err)
		}
	}
}

func TestAPartOfTheProgramHasACategory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Start(t, nil, settings.Orders())
		time.Sleep(time.Minute + time.Second)
		synctest.Wait()
		if n := h.Logs.FilterMessage("import").FilterLoggerName("settings.Import").Len(); n != 0 {
			t.Errorf("%d records outside of the category", n)
		}
		if n := h.Logs.FilterMessage("import").Len(); n != 1 {
			t.Errorf("%d records", n)
		}
	})
}

// What `dotnet new worker` makes, unchanged.
const dotnetSettings = `{
  "Logging": {
    "LogLevel": {
      "Default": "Information",
      "Microsoft.Hosting.Lifetime": "Information"
    }
  }
}
`

func TestTheSettingsOfADotNetWorkerWork(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "appsettings.json"), "\uFEFF"+dotnetSettings)
	write(t, filepath.Join(folder, "appsettings.Development.json"), dotnetSettings)
	builder, logs := build(t, folder, "--environment=Development")
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if logs.FilterMessage("host started").Len() != 1 || logs.FilterLevelExact(zap.DebugLevel).Len() != 0 {
		t.Errorf("records %v", logs.All())
	}
}
