package fxapp_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/docs/how-to/fxapp"
	"github.com/fxhost/fxhost/docs/how-to/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// On the real clock, because the watcher waits for the system.
func TestSettingsAndLevelsFollowTheFile(t *testing.T) {
	for name, build := range map[string]func(folder string, options ...fx.Option) *fx.App{
		"with host.Module": func(folder string, options ...fx.Option) *fx.App {
			return fxapp.WithHostModule([]string{"--contentRoot=" + folder}, options...)
		},
		"with its parts": func(folder string, options ...fx.Option) *fx.App {
			return fxapp.WithParts(filepath.Join(folder, "appsettings.json"), options...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			write(t, filepath.Join(folder, "appsettings.json"), `{"Import": {"Interval": "1h"}, "Logging": {"LogLevel": {"Default": "Error"}}}`)
			var (
				options *config.Monitor[settings.Options]
				log     *zap.Logger
			)
			app := build(folder, fx.Populate(&options, &log))
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if options.Current().Interval != time.Hour || log.Core().Enabled(zap.DebugLevel) {
				t.Errorf("at the start: %+v, debug is on: %v", options.Current(), log.Core().Enabled(zap.DebugLevel))
			}
			write(t, filepath.Join(folder, "appsettings.json"), `{"Import": {"Interval": "2h"}, "Logging": {"LogLevel": {"Default": "Error", "orders": "Debug"}}}`)
			for begin := time.Now(); options.Current().Interval != 2*time.Hour || !log.Named("orders").Core().Enabled(zap.DebugLevel); {
				if time.Since(begin) > 20*time.Second {
					t.Fatal("nothing has changed for 20 seconds")
				}
				time.Sleep(time.Millisecond)
			}
			if err := app.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
