package hosted_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
)

// Each test here shows a pitfall of fx in two halves: what plain fx does with
// some hooks, and what happens to the same hooks under a runner that took over.
// F3, F4, F11 and F12 are about processes and signals: see package host.

func plainFx(t *testing.T, options ...fx.Option) *fx.App {
	t.Helper()
	app := fx.New(fx.NopLogger, fx.Options(options...))
	if err := app.Err(); err != nil {
		t.Fatalf("fx.New: %v", err)
	}
	return app
}

// F1: after a start that has timed out, what had started is never stopped.
func TestF1StartTimeoutStopsWhatHadStarted(t *testing.T) {
	t.Parallel()
	hooks := func(a *application) fx.Option {
		return fx.Options(a.hook("database", works, works), a.hook("server", waits, works))
	}
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			app := plainFx(t, hooks(a))
			if err := app.Start(within(t, time.Second)); err == nil {
				t.Error("Start has succeeded")
			}
			synctest.Wait() // for fx's rollback, which stops at once on the ended context
			if err := app.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			a.want(t, "database start, server start")
		})
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			a.build(t, hooks(a))
			if err := a.Start(within(t, time.Second)); err == nil {
				t.Error("Start has succeeded")
			}
			a.want(t, "database start, server start, server stop, database stop")
		})
	})
}

// F2: a hook that ignores its context goes on after Start has given up, starts
// in the end, and is never stopped; nor is what had started before it.
func TestF2HookThatIgnoresTheStartTimeoutIsStoppedOnceItHasStarted(t *testing.T) {
	t.Parallel()
	hooks := func(a *application) fx.Option {
		return fx.Options(a.hook("database", works, works), a.hook("server", takes(time.Minute), works))
	}
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			app := plainFx(t, hooks(a))
			if err := app.Start(within(t, time.Second)); err == nil {
				t.Error("Start has succeeded")
			}
			time.Sleep(2 * time.Minute)
			a.want(t, "database start, server start")
		})
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			a.build(t, hooks(a))
			if err := a.Start(within(t, time.Second)); err == nil || !strings.Contains(err.Error(), "left behind") {
				t.Errorf("error %v", err)
			}
			a.want(t, "database start, server start, database stop")
			time.Sleep(2 * time.Minute)
			a.want(t, "server stop")
		})
	})
}

// F5: after a stop that has timed out, the remaining hooks are not called, and
// the errors of those before are lost.
func TestF5StopTimeoutSkipsNobodyAndKeepsErrors(t *testing.T) {
	t.Parallel()
	hooks := func(a *application) fx.Option {
		return fx.Options(a.hook("database", works, works), a.hook("server", works, waits), a.hook("door", works, fails))
	}
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			app := plainFx(t, hooks(a))
			_ = app.Start(t.Context())
			err := app.Stop(within(t, time.Second))
			if errors.Is(err, errBroken) {
				t.Errorf("error %v", err)
			}
			a.want(t, "database start, server start, door start, door stop, server stop")
		})
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			a.build(t, hooks(a))
			_ = a.Start(t.Context())
			err := a.Stop(within(t, time.Second))
			wantIs(t, err, errBroken)
			wantIs(t, err, context.DeadlineExceeded)
			a.want(t, "database start, server start, door start, door stop, server stop, database stop")
		})
	})
}

// F6: one limit of 15 s for all hooks together.
func TestF6SeveralSlowServicesStart(t *testing.T) {
	t.Parallel()
	slow := takes(10 * time.Second)
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			app := plainFx(t, a.hook("first", slow, works), a.hook("second", slow, works))
			if err := app.Start(within(t, app.StartTimeout())); err == nil {
				t.Error("Start has succeeded")
			}
			time.Sleep(time.Minute)
		})
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			a.build(t, a.hook("first", slow, works), a.hook("second", slow, works),
				a.plain("third", steps{"start": slow}, hosted.StartTimeout(12*time.Second)))
			a.start(t)
		})
	})
}

// F7: a loop that runs on the context of OnStart ends silently when Start's
// deadline has passed.
func TestF7LoopSurvivesTheEndOfTheStartContext(t *testing.T) {
	t.Parallel()
	loop := func(a *application) step {
		return func(ctx context.Context) error {
			timer := background.NewPeriodicTimer(time.Second)
			defer timer.Stop()
			for timer.WaitForNextTick(ctx) {
				a.note("tick")
			}
			return ctx.Err()
		}
	}
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			app := plainFx(t, fx.Invoke(func(l fx.Lifecycle) {
				l.Append(fx.StartHook(func(ctx context.Context) { go func() { _ = loop(a)(ctx) }() }))
			}))
			_ = app.Start(within(t, fx.DefaultTimeout))
			time.Sleep(time.Hour)
			if ticks := len(a.take()); ticks > 15 {
				t.Errorf("%d ticks in an hour", ticks)
			}
		})
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			a.build(t, background.Func("loop", loop(a)))
			_ = a.Start(within(t, fx.DefaultTimeout))
			time.Sleep(time.Hour)
			a.stop(t)
			if ticks := len(a.take()); ticks < 3599 {
				t.Errorf("%d ticks in an hour", ticks)
			}
		})
	})
}

// F8: a hook whose OnStart fails half-way gets no OnStop.
func TestF8HookWhoseStartFailsIsCleanedUp(t *testing.T) {
	t.Parallel()
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			app := plainFx(t, a.hook("server", fails, works))
			_ = app.Start(t.Context())
			_ = app.Stop(t.Context())
			a.want(t, "server start")
		})
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			a.build(t, a.hook("server", fails, works))
			_ = a.Start(t.Context())
			a.want(t, "server start, server stop")
		})
	})
}

// F9: a hook appended during the start does not run, and nobody says so.
func TestF9HookAppendedTooLateIsAnError(t *testing.T) {
	t.Parallel()
	late := func(a *application) fx.Option {
		return fx.Invoke(func(l fx.Lifecycle) {
			l.Append(fx.StartHook(func() {
				l.Append(fx.StartStopHook(func() { a.note("late start") }, func() { a.note("late stop") }))
			}))
		})
	}
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			app := plainFx(t, late(a))
			if err := errors.Join(app.Start(t.Context()), app.Stop(t.Context())); err != nil {
				t.Error(err)
			}
			a.want(t, "")
		})
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			a.build(t, late(a))
			err := a.Start(t.Context())
			if err == nil || !strings.Contains(err.Error(), "pitfalls_test.go:") {
				t.Errorf("error %v", err)
			}
			a.want(t, "")
		})
	})
}

// F10: a panic in OnStart ends the process without any OnStop. fxtest runs the
// hooks on the goroutine of the test, where the panic can be caught.
func TestF10PanicOfAHookIsAnError(t *testing.T) {
	t.Parallel()
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			lifecycle := fxtest.NewLifecycle(t)
			lifecycle.Append(fx.StopHook(func() { a.note("database stop") }))
			lifecycle.Append(fx.StartHook(func() { panic("oops") }))
			defer func() {
				if recover() == nil {
					t.Error("fx has caught the panic")
				}
				a.want(t, "")
			}()
			_ = lifecycle.Start(t.Context())
		})
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			a.build(t, a.hook("database", works, works), a.hook("server", panics, works))
			var panicked *hosted.PanicError
			if err := a.Start(t.Context()); !errors.As(err, &panicked) {
				t.Errorf("error %v", err)
			}
			a.want(t, "database start, server start, server stop, database stop")
		})
	})
}

// F13: a second Shutdown is an error while the first is unread, and an exit
// code sticks to all that follow.
func TestF13ShutdownIsIdempotentAndTheFirstCallDecides(t *testing.T) {
	t.Parallel()
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		var shutdowner fx.Shutdowner
		app := plainFx(t, fx.Populate(&shutdowner))
		signal := app.Wait()
		_ = app.Start(t.Context())
		if shutdowner.Shutdown(fx.ExitCode(3)) != nil || shutdowner.Shutdown() == nil {
			t.Error("the second call has succeeded, or the first has not")
		}
		<-signal
		if _ = shutdowner.Shutdown(); (<-signal).ExitCode != 3 {
			t.Error("the exit code does not stick")
		}
		_ = app.Stop(t.Context())
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		a := newApplication(hosted.Options{})
		var shutdowner fx.Shutdowner
		a.build(t, fx.Populate(&shutdowner))
		a.start(t)
		if err := errors.Join(shutdowner.Shutdown(fx.ExitCode(3)), shutdowner.Shutdown()); err != nil {
			t.Error(err)
		}
		wantText(t, a.Stop(t.Context()), "host: fx.Shutdowner called with exit code 3")
	})
}

// F14: what started first hears of a stop last, when everybody else has
// stopped.
func TestF14StopIsAnnouncedToEverybodyFirst(t *testing.T) {
	t.Parallel()
	hooks := func(a *application) fx.Option {
		return fx.Options(a.hook("readiness", works, works), a.hook("server", works, takes(10*time.Second)))
	}
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			app := plainFx(t, hooks(a))
			_ = app.Start(t.Context())
			_ = app.Stop(t.Context())
			a.want(t, "readiness start, server start, server stop, readiness stop")
		})
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			a.build(t, hooks(a), fx.Invoke(func(l *hosted.ApplicationLifetime) {
				l.OnStarted(func(context.Context) { a.note("ready") })
				l.OnStopping(func(context.Context) { a.note("not ready") })
			}))
			a.start(t)
			a.stop(t)
			a.want(t, "readiness start, server start, ready, not ready, server stop, readiness stop")
		})
	})
}

// F15: a stop during the start does not end it: what starts afterwards runs on.
// The result of a stop is told once.
func TestF15StopDuringStartEndsIt(t *testing.T) {
	t.Parallel()
	hooks := func(a *application) fx.Option {
		return fx.Options(a.hook("database", works, fails), a.hook("cache", takes(2*time.Second), works), a.hook("server", works, works))
	}
	t.Run("plain fx", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			app := plainFx(t, hooks(a))
			var start sync.WaitGroup
			start.Go(func() {
				if err := app.Start(t.Context()); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(time.Second)
			wantIs(t, app.Stop(t.Context()), errBroken)
			start.Wait()
			a.want(t, "database start, cache start, database stop, server start")
		})
	})
	t.Run("fxhost", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			a := newApplication(hosted.Options{})
			a.build(t, hooks(a))
			var start sync.WaitGroup
			start.Go(func() { wantIs(t, a.Start(t.Context()), hosted.ErrStopped) })
			time.Sleep(time.Second)
			wantIs(t, a.Stop(t.Context()), errBroken)
			wantIs(t, a.Stop(t.Context()), errBroken)
			start.Wait()
			time.Sleep(time.Minute)
			a.want(t, "database start, cache start, database stop, cache stop")
		})
	})
}
