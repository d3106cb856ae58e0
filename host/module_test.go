package host_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

// The hooks of the application join the walk: none is skipped after fx's stop
// timeout (F5), and their panics are errors (F10).
func TestModuleInSomebodyElsesApplication(t *testing.T) {
	root := t.TempDir()
	write(t, root, "appsettings.json", `{"greeting": "hello", "Logging": {"LogLevel": {"Default": "None"}}}`)
	synctest.Test(t, func(t *testing.T) {
		var j journal
		app := fx.New(
			fx.NopLogger,
			host.Module([]string{"--contentRoot=" + root, "--hostBuilder:reloadConfigOnChange=false"}), // in a bubble
			fx.Invoke(func(lifecycle fx.Lifecycle, configuration *config.Manager) {
				greeting, _ := configuration.Get("greeting")
				lifecycle.Append(fx.Hook{
					OnStart: func(context.Context) error { j.add(greeting); return nil },
					OnStop:  func(context.Context) error { j.add("goodbye"); return nil },
				})
				lifecycle.Append(fx.StopHook(func() { panic("boom") }))
			}),
			hosted.AddInstance(&noted{name: "late", journal: &j, stop: untilEnded}, hosted.Name("late")),
		)
		start, cancel := context.WithTimeout(t.Context(), app.StartTimeout())
		defer cancel()
		if err := app.Start(start); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		stop, cancel := context.WithTimeout(t.Context(), app.StopTimeout())
		defer cancel()
		err := app.Stop(stop)
		var (
			panicked *hosted.PanicError
			timeout  *hosted.TimeoutError
		)
		if !errors.As(err, &panicked) || !errors.As(err, &timeout) || !strings.Contains(err.Error(), `"late"`) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(begin); took >= app.StopTimeout() {
			t.Errorf("took %v, so that fx did not get the report", took)
		}
		j.check(t, "hello", "late start", "late stop", "goodbye")
	})
}

// F13: StopApplication and fx.Shutdowner are one, and the first decides.
func TestModuleStopsTheApplicationOnce(t *testing.T) {
	t.Parallel()
	var (
		life       *hosted.ApplicationLifetime
		shutdowner fx.Shutdowner
	)
	app := fx.New(fx.NopLogger, host.Module([]string{"--Logging:LogLevel:Default=None"}), fx.Populate(&life, &shutdowner))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	wait := app.Wait()
	life.StopApplication(coded{})
	if err := shutdowner.Shutdown(fx.ExitCode(3)); err != nil {
		t.Error(err)
	}
	if signal := <-wait; signal.ExitCode != 7 {
		t.Errorf("got %+v", signal)
	}
	if err := app.Stop(t.Context()); !errors.Is(err, coded{}) {
		t.Errorf("got %v", err)
	}
}

func TestModuleReportsBadConfiguration(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, host.Module([]string{"--shutdownTimeoutSeconds=soon"})).Err()
	if err == nil || !strings.Contains(err.Error(), "shutdownTimeoutSeconds") {
		t.Errorf("got %v", err)
	}
}

func TestExitCode(t *testing.T) {
	t.Parallel()
	got := []int{
		host.ExitCode(nil), host.ExitCode(errors.New("boom")),
		host.ExitCode(errors.Join(errors.New("boom"), &hosted.ServiceError{Err: coded{}})),
	}
	if want := []int{0, 1, 7}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// In an application of somebody else's, names carry what cannot be put into fx's
// words.
func TestFxSaysWhatModuleBringsAlong(t *testing.T) {
	t.Parallel()
	quiet := []string{"--Logging:LogLevel:Default=None"}
	const once = "an application has one hosted.Module: host.Module and package host bring it along"
	const decorate = "oggerThatFxDecorateCanChange ("
	for name, test := range map[string]struct {
		options fx.Option
		want    string
	}{
		"hosted.Module before": {fx.Options(hosted.Module(), host.Module(quiet)), once},
		"hosted.Module behind": {fx.Options(host.Module(quiet), hosted.Module()), once},
		"hosted.Module twice":  {fx.Options(hosted.Module(), hosted.Module()), once},
		"logger before":        {fx.Options(fx.Provide(zap.NewNop), host.Module(quiet)), decorate},
		"logger behind":        {fx.Options(host.Module(quiet), fx.Provide(slog.Default)), decorate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fx.New(fx.NopLogger, test.options).Err()
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "module_test.go:") {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

// An fx.Option does nothing until fx runs it.
func TestModuleReadsNothingBeforeFxBuildsTheApplication(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	module := host.Module([]string{"--contentRoot=" + root})
	write(t, root, "appsettings.json", `{"Logging": {"LogLevel": {"Default": "None"}, "File": {"Path": "own.log"}}, "greeting": "hello"}`)
	if files, err := filepath.Glob(filepath.Join(root, "*.log")); err != nil || len(files) != 0 {
		t.Errorf("files %q, %v", files, err)
	}
	for range 2 { // the option makes a host for each application
		var configuration *config.Manager
		app := fx.New(fx.NopLogger, module, fx.Populate(&configuration))
		if err := app.Err(); err != nil {
			t.Fatal(err)
		}
		if greeting, _ := configuration.Get("greeting"); greeting != "hello" {
			t.Errorf("greeting %q", greeting)
		}
		if err := errors.Join(app.Start(t.Context()), app.Stop(t.Context())); err != nil {
			t.Error(err)
		}
	}
	if files, err := filepath.Glob(filepath.Join(root, "own.log")); err != nil || len(files) != 1 {
		t.Errorf("files %q, %v", files, err)
	}
}

// What the services and hooks of a module need is there until they have stopped.
func TestModuleClosesAfterEverythingHasStopped(t *testing.T) {
	t.Parallel()
	var j journal
	for name, options := range map[string]func(module fx.Option) []fx.Option{
		"behind": func(module fx.Option) []fx.Option { return []fx.Option{module, fx.Module("orders", j.service("a"))} },
		"before": func(module fx.Option) []fx.Option { return []fx.Option{fx.Module("orders", j.service("a")), module} },
	} {
		j.entries = nil
		var life *hosted.ApplicationLifetime
		app := fx.New(append(options(host.Module([]string{"--contentRoot=" + t.TempDir(), "--Logging:LogLevel:Default=None"})),
			fx.NopLogger,
			fx.Populate(&life),
			fx.Invoke(func(m *config.Manager) error {
				return m.Add(&closer{func() error { j.add("configuration closed"); return nil }})
			}))...)
		if err := app.Err(); err != nil {
			t.Fatal(name, err)
		}
		life.OnStopped(func(context.Context) { j.add("stopped") })
		if err := errors.Join(app.Start(t.Context()), app.Stop(t.Context())); err != nil {
			t.Error(name, err)
		}
		j.check(t, "a start", "a stop", "stopped", "configuration closed")
	}
}

// The same after a start that fails, and after one that is refused.
func TestModuleClosesAfterAFailedStart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		arg  string
		want []string
	}{
		"failed":  {"--Greeting=hello", []string{"a start", "a stop", "configuration closed"}},
		"refused": {"--Greting=hello", []string{"configuration closed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var j journal
			app := fx.New(fx.NopLogger,
				host.Module([]string{"--contentRoot=" + t.TempDir(), "--Logging:LogLevel:Default=None", test.arg}),
				hosted.AddInstance(&noted{name: "a", journal: &j, start: func(context.Context) error { return errors.New("boom") }}),
				fx.Invoke(func(m *config.Manager) error {
					m.Get("Greeting")
					return m.Add(&closer{func() error { j.add("configuration closed"); return nil }})
				}))
			if err := app.Start(t.Context()); err == nil {
				t.Error("no error")
			}
			j.check(t, test.want...)
		})
	}
}
