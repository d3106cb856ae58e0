package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

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
