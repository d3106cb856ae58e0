package settings_test

import (
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/docs/how-to/settings"
)

// On the real clock, since the watcher waits for the system.
func TestAChangedFileIsReloaded(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "appsettings.json")
	write(t, path, `{"Import": {"Interval": "10ms"}, "Logging": {"LogLevel": {"settings": "Debug"}}}`)
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
	wait(t, func() bool { return logs.FilterMessage("import").Len() > 0 }) // it listens by now
	write(t, path, `{"Import": {"Interval": "2h"}}`)
	wait(t, func() bool { return options.Current().Interval == 2*time.Hour })
	wait(t, func() bool { return logs.FilterMessage("options changed").Len() == 1 })

	write(t, path, `{"Import": {"Interval": "2"}}`)
	wait(t, func() bool { return settings.NotReloaded(h) != nil })
	if got := options.Current().Interval; got != 2*time.Hour {
		t.Errorf("interval %v", got)
	}
	failed := logs.FilterMessage("configuration not reloaded").All()
	if len(failed) != 1 || failed[0].LoggerName != "fxhost.config" {
		t.Errorf("records %v", failed)
	}

	write(t, path, `{"Import": {"Interval": "1h"}}`)
	wait(t, func() bool { return options.Current().Interval == time.Hour })
	wait(t, func() bool { return settings.NotReloaded(h) == nil })
	if status := builder.Configuration.Status(); status.Reloads != 2 || status.Failures != 1 {
		t.Errorf("status %+v", status)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReloadingCanBeTurnedOff(t *testing.T) {
	for argument, want := range map[string]bool{
		"--no-hostBuilder:reloadConfigOnChange":   false,
		"--hostBuilder:usePollingFileWatcher":     true,
		"--hostBuilder:reloadConfigOnChange=true": true,
	} {
		builder, logs := build(t, t.TempDir(), argument)
		h, err := builder.Build()
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		list := h.Services().List()
		if watched := list[0].Name == "config.Watcher"; watched != want {
			t.Errorf("%s: the first service is %s", argument, list[0].Name)
		}
		if n := logs.FilterMessage("host starting").All()[0].ContextMap()["services"]; n != int64(len(list)) {
			t.Errorf("%s: %v services, want %d", argument, n, len(list))
		}
		if err := h.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
