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

	"github.com/fxhost/fxhost/hosted"
)

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// AL-1: idempotent, from any goroutine; the first cause wins (F13).
func TestFirstCauseOfStopApplicationWins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil))
		a.start(t)
		lifetime := a.Lifetime()
		if lifetime.Cause() != nil || closed(lifetime.StopRequested()) {
			t.Error("a stop is said to have been asked for")
		}

		lifetime.StopApplication(errBroken)
		var calls sync.WaitGroup
		for range 10 {
			calls.Go(func() { lifetime.StopApplication(errors.New("another")) })
		}
		calls.Wait()

		if got := lifetime.Cause(); got != errBroken { //nolint:errorlint // the bare one
			t.Errorf("cause %v", got)
		}
		if !closed(lifetime.StopRequested()) {
			t.Error("StopRequested is open")
		}
		wantText(t, a.Stop(t.Context()), "broken")
	})
}

// AL-5.
func TestStopApplicationAloneStopsNoService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil))
		a.start(t)

		a.Lifetime().StopApplication(nil)
		time.Sleep(time.Hour)

		a.want(t, "a start")
		if closed(a.Lifetime().Stopping()) {
			t.Error("Stopping was closed")
		}
		a.stop(t)
	})
}

func TestStopReasonIsNoFailure(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cause  error
		reason string
	}{
		"nil":    {nil, "stop requested"},
		"reason": {hosted.StopReason("signal received"), "signal received"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{})
				a.build(t)
				a.start(t)
				a.Lifetime().StopApplication(test.cause)
				a.stop(t)
				if got := a.logged("host stopping")[0]["reason"]; got != test.reason {
					t.Errorf("reason %v, want %s", got, test.reason)
				}
			})
		})
	}
}

// F14: three moments, each once, at its time.
func TestMomentsAreClosedAtTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		look := func(phase string) step {
			return func(context.Context) error {
				l := a.Lifetime()
				moments := ""
				for name, c := range map[string]<-chan struct{}{"1": l.Started(), "2": l.Stopping(), "3": l.Stopped()} {
					if closed(c) {
						moments += name
					}
				}
				if want := map[string]string{"started": "", "stopping": "1", "stop": "12", "stopped": "12"}[phase]; len(moments) != len(want) {
					t.Errorf("%s: moments %q, want %q", phase, moments, want)
				}
				return nil
			}
		}
		a.build(t, a.full("a", steps{
			"started": look("started"), "stopping": look("stopping"), "stop": look("stop"), "stopped": look("stopped"),
		}))

		a.start(t)
		a.stop(t)
		l := a.Lifetime()
		if !closed(l.Started()) || !closed(l.Stopping()) || !closed(l.Stopped()) {
			t.Error("a moment has not happened")
		}
	})
}

// AL-2, AL-3; ours run in registration order. Rule 8.
func TestCallbacksAllRunInRegistrationOrderAlsoAfterAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil))
		l := a.Lifetime()
		for _, on := range []func(func(context.Context)){l.OnStarted, l.OnStopping, l.OnStopped} {
			on(func(context.Context) { a.note("first") })
			on(func(context.Context) { panic("oops") })
			on(func(ctx context.Context) { _ = exits(ctx) })
			on(func(context.Context) { a.note("last") })
		}

		a.start(t)
		a.stop(t)

		a.want(t, "a start, first, last, first, last, a stop, first, last")
		failed := a.logged("lifetime callback failed")
		if len(failed) != 6 {
			t.Fatalf("%d records, want 6: %v", len(failed), failed)
		}
		if got := failed[0]; got["error"] != "panic: oops" || got["phase"] != "application started" || got["stack"] == nil ||
			!strings.Contains(got["callback"].(string), "lifetime_test.go:") {
			t.Errorf("record %v", got)
		}
	})
}

// Callbacks are waited for, within the start or the budget of the stop.
func TestCallbacksAreWaitedForWithinTheirLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{StartupTimeout: 2 * time.Second, ShutdownTimeout: 5 * time.Second})
		a.build(t, a.plain("a", steps{"start": takes(time.Second)}))
		hang := hangs(t)
		a.Lifetime().OnStarted(func(ctx context.Context) { _ = hang(ctx) })
		a.Lifetime().OnStopping(func(context.Context) { time.Sleep(time.Second) })
		a.Lifetime().OnStopped(func(ctx context.Context) { <-ctx.Done() })

		begin := time.Now()
		a.start(t)
		wantTook(t, begin, 2*time.Second+wait)
		begin = time.Now()
		a.stop(t)
		wantTook(t, begin, 5*time.Second)
	})
}

// AL-7.
func TestCallbackRegisteredTooLateRunsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t)
		a.start(t)
		ran := false
		a.Lifetime().OnStarted(func(context.Context) { ran = true })
		if !ran {
			t.Error("the callback has not run")
		}
		a.Lifetime().OnStarted(func(context.Context) { panic("oops") })
		a.Lifetime().OnStarted(nil)
		if got := a.logged("lifetime callback failed"); len(got) != 2 || got[0]["error"] != "panic: oops" {
			t.Errorf("records %v", got)
		}
		a.stop(t)
	})
}

// A callback that registers another one for the same moment.
func TestCallbackMayRegisterCallbacks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t)
		a.Lifetime().OnStarted(func(context.Context) {
			a.Lifetime().OnStarted(func(context.Context) { a.note("started") })
			a.Lifetime().OnStopped(func(context.Context) { a.note("stopped") })
		})
		a.start(t)
		a.stop(t)
		a.want(t, "started, stopped")
	})
}

// A stop asked for by an OnStarted callback does not undo the start.
func TestStopApplicationFromWithinOnStarted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil))
		a.Lifetime().OnStarted(func(context.Context) { a.Lifetime().StopApplication(nil) })

		a.start(t)
		a.want(t, "a start")
		if !closed(a.Lifetime().StopRequested()) {
			t.Error("StopRequested is open")
		}
		a.stop(t)
		a.want(t, "a stop")
	})
}

// A stop asked for before the start keeps everything from starting.
func TestStopApplicationBeforeTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.full("a", nil))
		a.Lifetime().StopApplication(hosted.StopReason("changed my mind"))

		wantText(t, a.Start(t.Context()), "host: stopped while starting: changed my mind")
		a.want(t, "")
		a.stop(t)
	})
}

func TestApplicationLifetimeAndServicesAreInjectable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil), fx.Invoke(func(l *hosted.ApplicationLifetime, s *hosted.Services) {
			l.OnStarted(func(context.Context) { a.note(s.List()[0].Name + " " + s.List()[0].State.String()) })
		}))
		a.start(t)
		a.stop(t)
		a.want(t, "a start, a running, a stop")
	})
}
