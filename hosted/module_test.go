package hosted_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
)

// foreign is an application that fx runs. Its services note their calls in the
// application a, whose runner has no part in it.
func foreign(t *testing.T, options ...fx.Option) *fx.App {
	t.Helper()
	app := fx.New(fx.NopLogger, fx.Supply(zap.NewNop()), fx.Options(options...))
	if err := app.Err(); err != nil {
		t.Fatalf("fx.New: %v", err)
	}
	return app
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// F16: wherever Module stands, what the services need starts before them.
func TestModuleStartsAfterTheHooksOfWhatTheServicesNeed(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"before", "after", "between"} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{})
				services := []fx.Option{
					fx.Module("orders", hosted.AddHostedService[*consumer](func(*client) *consumer {
						return &consumer{plain{name: "consumer", journal: a.journal}}
					})),
					a.plain("b", nil),
				}
				options := map[string][]fx.Option{
					"before":  {hosted.Module(), services[0], services[1]},
					"after":   {services[0], services[1], hosted.Module()},
					"between": {services[0], hosted.Module(), services[1]},
				}[place]
				options = append(options, fx.Provide(func(l fx.Lifecycle) *client {
					l.Append(fx.StartStopHook(func() { a.note("client start") }, func() { a.note("client stop") }))
					return &client{}
				}), a.hook("server", works, works))
				app := foreign(t, options...)

				if err := app.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				a.want(t, "client start, consumer start, b start, server start")
				if err := app.Stop(t.Context()); err != nil {
					t.Fatal(err)
				}
				a.want(t, "server stop, b stop, consumer stop, client stop")
			})
		})
	}
}

// F1, F2: fx gives up at its deadline; by then the services have been rolled
// back, and the error names who was late.
func TestModuleRollsBackWithinTheStartTimeoutOfFx(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		start step
		want  string
		took  time.Duration
	}{
		"honours its context": {waits, `host: start service "b": 10s startup timeout reached`, 10 * time.Second},
		"ignores its context": {
			takes(time.Minute), `host: start service "b": 10s startup timeout reached, left behind`, 10*time.Second + wait,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(24 * time.Hour) // for who was left behind
				a := newApplication(hosted.Options{})
				app := foreign(t, hosted.Module(), a.hook("database", works, works),
					a.plain("a", nil), a.plain("b", steps{"start": test.start}))

				begin := time.Now()
				err := app.Start(within(t, fx.DefaultTimeout))

				wantTook(t, begin, test.took)
				wantText(t, err, test.want)
				calls := strings.Join(a.take(), ", ")
				if !strings.HasPrefix(calls, "database start, a start, b start") || !strings.HasSuffix(calls, "a stop, database stop") {
					t.Errorf("calls %s", calls)
				}
			})
		})
	}
}

// F1: a rollback that hangs still ends in time for fx to get the error.
func TestModuleBoundsTheRollbackByTheStartTimeoutOfFx(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		app := foreign(t, hosted.Module(), a.plain("a", steps{"stop": hangs(t)}), a.plain("b", steps{"start": hangs(t)}))

		begin := time.Now()
		err := app.Start(within(t, fx.DefaultTimeout))

		wantTook(t, begin, 14*time.Second+wait)
		wantText(t, err,
			`host: start service "b": 10s startup timeout reached, left behind`,
			`host: stop service "a": 3.9s shutdown timeout reached, left behind`)
	})
}

// F5, F16: a reserve is kept so that the late are named.
func TestModuleStopsWithinTheStopTimeoutOfFx(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		app := foreign(t, hosted.Module(), a.hook("database", works, works), a.plain("a", nil), a.plain("b", steps{"stop": hangs(t)}))
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.take()

		begin := time.Now()
		err := app.Stop(within(t, fx.DefaultTimeout))

		wantTook(t, begin, 14*time.Second+wait)
		wantText(t, err, `host: stop service "b": 14s shutdown timeout reached, left behind`)
		a.want(t, "b stop, a stop, database stop")
	})
}

func TestModuleWithoutDeadlinesUsesItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		app := foreign(t, a.plain("a", steps{"start": takes(time.Hour), "stop": hangs(t)}), hosted.Module(hosted.Options{ShutdownTimeout: time.Minute}))
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}

		begin := time.Now()
		err := app.Stop(t.Context())
		wantTook(t, begin, time.Minute+wait)
		wantText(t, err, `host: stop service "a": 1m0s shutdown timeout reached, left behind`)
	})
}

func TestOptionsOfModule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		second := steps{"start": takes(time.Second), "stop": takes(time.Second)}
		app := foreign(t, a.plain("a", second), a.plain("b", second), hosted.Module(hosted.Options{
			StartupTimeout: 5 * time.Second, ServicesStartConcurrently: true, ServicesStopConcurrently: true,
		}))

		begin := time.Now()
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantTook(t, begin, time.Second)
		if err := app.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantTook(t, begin, 2*time.Second)

		late := foreign(t, a.plain("a", steps{"start": waits}), hosted.Module(hosted.Options{StartupTimeout: 5 * time.Second}))
		wantText(t, late.Start(t.Context()), `host: start service "a": 5s startup timeout reached`)
	})
}

// coded is an error with an exit code.
type coded int

func (coded) Error() string { return "coded" }

func (c coded) ExitCode() int { return int(c) }

// A fault, and StopApplication, end the application that fx runs (F13).
func TestModuleStopsTheApplicationOfFx(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stop func(*worker, *hosted.ApplicationLifetime)
		code int
	}{
		"fault":       {func(w *worker, _ *hosted.ApplicationLifetime) { w.end(errBroken) }, 1},
		"done":        {func(w *worker, _ *hosted.ApplicationLifetime) { w.end(nil) }, 0},
		"reason":      {func(_ *worker, l *hosted.ApplicationLifetime) { l.StopApplication(hosted.StopReason("enough")) }, 0},
		"failure":     {func(_ *worker, l *hosted.ApplicationLifetime) { l.StopApplication(errBroken) }, 1},
		"coded error": {func(_ *worker, l *hosted.ApplicationLifetime) { l.StopApplication(coded(7)) }, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApplication(hosted.Options{})
			w, option := a.worker("w")
			var lifetime *hosted.ApplicationLifetime
			app := foreign(t, option, hosted.Module(hosted.Options{StopWhenDone: true}), fx.Populate(&lifetime))
			signal := app.Wait()
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}

			test.stop(w, lifetime)

			if got := (<-signal).ExitCode; got != test.code {
				t.Errorf("exit code %d, want %d", got, test.code)
			}
			if err := app.Stop(t.Context()); (err == nil) != (test.code == 0) {
				t.Errorf("Stop: %v", err)
			}
			a.want(t, "w start, w stop")
		})
	}
}

// A stop asked for while fx still builds is not lost, and is no failure: fx's Run
// would exit with 1.
func TestStopApplicationWhileFxBuildsKeepsModuleFromStarting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		app := foreign(t, fx.Invoke(func(l *hosted.ApplicationLifetime) { l.StopApplication(nil) }),
			a.plain("a", nil), hosted.Module())
		signal := app.Wait()
		if err := errors.Join(app.Start(t.Context()), app.Stop(t.Context())); err != nil {
			t.Error(err)
		}
		if got := (<-signal).ExitCode; got != 0 {
			t.Errorf("exit code %d", got)
		}
		a.want(t, "")
	})
}

func TestModuleTwiceIsAnErrorOfTheBuild(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.Module(), hosted.Module()).Err()
	if err == nil || !strings.Contains(err.Error(), "*hosted.runner") {
		t.Errorf("error %v", err)
	}
}

func TestModuleNeedsNoLogger(t *testing.T) {
	t.Parallel()
	if err := fx.New(fx.NopLogger, hosted.AddInstance(&simple{}), hosted.Module()).Err(); err != nil {
		t.Error(err)
	}
}

func TestSameModuleBuildsSeveralApplications(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		options := fx.Options(hosted.Module(), a.plain("a", nil))
		first, second := foreign(t, options), foreign(t, options)
		for _, app := range []*fx.App{first, second} {
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := app.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		a.want(t, "a start, a stop, a start, a stop")
	})
}

// F16: whatever another hook has left of fx's time is enough for a clean stop.
func TestModuleAfterAnotherHookHasEatenTheStopTimeoutOfFx(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		app := foreign(t, hosted.Module(), a.plain("a", nil), a.hook("server", works, takes(14*time.Second)))
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		a.take()
		if err := app.Stop(within(t, fx.DefaultTimeout)); err != nil {
			t.Error(err)
		}
		a.want(t, "server stop, a stop")
	})
}

// Hooks of fx get the same walk.
func TestModuleRunsServicesAndHooksWithinTheHookOfFx(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		app := foreign(t, hosted.Module(), a.hook("database", works, works), a.plain("a", nil), a.hook("server", works, hangs(t)))
		if err := app.Start(within(t, fx.DefaultTimeout)); err != nil {
			t.Fatal(err)
		}
		a.want(t, "database start, a start, server start")

		begin := time.Now()
		err := app.Stop(within(t, fx.DefaultTimeout))

		wantTook(t, begin, 14*time.Second+wait)
		a.want(t, "server stop, a stop, database stop")
		var failed *hosted.ServiceError
		if !errors.As(err, &failed) || !failed.Hook {
			t.Errorf("error %v", err)
		}
	})
}

func TestModuleRollsBackHooks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		app := foreign(t, hosted.Module(), a.hook("database", works, works), a.hook("server", waits, works))
		err := app.Start(within(t, fx.DefaultTimeout))
		if err == nil || !strings.HasSuffix(err.Error(), "10s startup timeout reached") {
			t.Errorf("error %v", err)
		}
		a.want(t, "database start, server start, server stop, database stop")
	})
}

func TestShutdownerStopsFx(t *testing.T) {
	t.Parallel()
	a := newApplication(hosted.Options{})
	var shutdowner fx.Shutdowner
	app := foreign(t, hosted.Module(), a.plain("a", nil), fx.Populate(&shutdowner))
	signal := app.Wait()
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := shutdowner.Shutdown(fx.ExitCode(3)); err != nil {
			t.Error(err)
		}
	}
	if got := (<-signal).ExitCode; got != 3 {
		t.Errorf("exit code %d, want 3", got)
	}
	_ = app.Stop(t.Context())
	a.want(t, "a start, a stop")
}

// A service of a foreign application that starts late is stopped, too.
func TestModuleStopsAServiceThatStartsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		app := foreign(t, hosted.Module(), a.plain("a", steps{"start": takes(time.Minute)}))
		if err := app.Start(within(t, fx.DefaultTimeout)); err == nil {
			t.Fatal("no error")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		a.want(t, "a start, a stop")
	})
}

func TestModuleTakesAtMostOneOptions(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.Module(hosted.Options{}, hosted.Options{})).Err()
	wantText(t, err, "hosted: Module was given 2 Options: want at most one")
	err = fx.New(fx.NopLogger, hosted.Module(hosted.Options{StartupTimeout: -1, DrainDelay: -time.Second})).Err()
	wantText(t, err, "host: Options.StartupTimeout: -1ns: must not be less than zero",
		"host: Options.DrainDelay: -1s: must not be less than zero")
}

// In an fx.Module it would start the services before the hooks of what they need.
func TestModuleWithinAnFxModuleIsRefused(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, fx.Module("platform", hosted.Module()), hosted.AddInstance(&simple{})).Err()
	if err == nil || !strings.Contains(err.Error(), "not within an fx.Module") {
		t.Errorf("error %v", err)
	}
}

// The log of an application may have a hook of its own.
func TestLoggerMayTakeTheLifecycle(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.Module(), hosted.AddInstance(&simple{}), fx.Provide(func(l fx.Lifecycle) *zap.Logger {
		l.Append(fx.StopHook(func() {}))
		return zap.NewNop()
	})).Err()
	if err != nil {
		t.Error(err)
	}
}
