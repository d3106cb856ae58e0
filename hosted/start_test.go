package hosted_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/hosted"
)

// Rule 1, SP-3.
func TestServicesStartInRegistrationOrderAndStopInReverse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil), a.plain("b", nil), a.plain("c", nil))

		a.start(t)
		a.want(t, "a start, b start, c start")
		a.stop(t)
		a.want(t, "c stop, b stop, a stop")
	})
}

// Rule 1.
func TestServicesOfChildModulesComeBeforeThoseOfTheirParent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t,
			a.plain("parent 1", nil),
			fx.Module("child", a.plain("child", nil), fx.Module("grandchild", a.plain("grandchild", nil))),
			a.plain("parent 2", nil),
		)

		a.start(t)
		a.want(t, "grandchild start, child start, parent 1 start, parent 2 start")
		a.stop(t)
		a.want(t, "parent 2 stop, parent 1 stop, child stop, grandchild stop")
	})
}

// Rule 2, ST-9, ST-10, ST-16, SP-8, AL-8.
func TestPhasesAreBarriers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.full("a", nil), a.full("b", nil))
		a.Lifetime().OnStarted(func(context.Context) { a.note("ApplicationStarted") })
		a.Lifetime().OnStopping(func(context.Context) { a.note("ApplicationStopping") })
		a.Lifetime().OnStopped(func(context.Context) { a.note("ApplicationStopped") })

		a.start(t)
		a.want(t, "a starting, b starting, a start, b start, a started, b started, ApplicationStarted")
		a.stop(t)
		a.want(t, "b stopping, a stopping, ApplicationStopping, b stop, a stop, b stopped, a stopped, ApplicationStopped")
	})
}

// SP-8: what asks for the stop does not change its order.
func TestOrderOfAStopIsTheSameAfterStopApplication(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.full("a", nil))
		a.Lifetime().OnStopping(func(context.Context) { a.note("ApplicationStopping") })
		a.start(t)
		a.take()

		a.Lifetime().StopApplication(nil)
		a.want(t, "")
		a.stop(t)
		a.want(t, "a stopping, ApplicationStopping, a stop, a stopped")
	})
}

// ST-1, LG: the host's records.
func TestStartAndStopAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"start": takes(time.Second), "stop": takes(2 * time.Second)}))

		a.start(t)
		a.stop(t)

		var messages []string
		for _, entry := range a.logs.FilterLevelExact(zapcore.InfoLevel).All() {
			messages = append(messages, entry.Message)
		}
		wantSame(t, messages, "host starting", "host started", "host stopping", "host stopped")
		if first := a.logs.All()[0].Message; first != "host starting" {
			t.Errorf("first record %q, want host starting", first)
		}
		if got := a.logged("host started")[0]; got["services"] != int64(1) || got["elapsed"] != time.Second {
			t.Errorf("host started: %v", got)
		}
		if got := a.logged("host stopped")[0]["elapsed"]; got != 2*time.Second {
			t.Errorf("host stopped after %v, want 2s", got)
		}
		if got := a.logged("host stopping")[0]["reason"]; got != "stop called" {
			t.Errorf("reason %v", got)
		}
		phases := a.logged("service phase done")
		if len(phases) != 2 || phases[0]["service"] != "a" || phases[0]["phase"] != "start" || phases[1]["phase"] != "stop" {
			t.Errorf("phases %v", phases)
		}
	})
}

// Rule 5, F8; ST-10, ST-13.
func TestFailedStartIsRolledBackNewestFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.full("a", nil), a.full("b", nil), a.full("c", steps{"start": fails}), a.full("d", nil))

		err := a.Start(t.Context())

		wantText(t, err, `host: start service "c": broken`)
		wantIs(t, err, errBroken)
		a.want(t, "a starting, b starting, c starting, d starting, a start, b start, c start, "+
			"b stopping, a stopping, c stop, b stop, a stop, d stopped, c stopped, b stopped, a stopped")
		wantState(t, a, "a", hosted.StateStopped)
		wantState(t, a, "c", hosted.StateFailed)
		wantState(t, a, "d", hosted.StateRegistered)
		if failed := a.logged("host start failed"); len(failed) != 1 || failed[0]["error"] != nil {
			t.Errorf("host start failed: %v, want one, without the error that was logged already", failed)
		}
	})
}

// Rule 5: the error joins what the rollback said.
func TestErrorOfAFailedStartJoinsThoseOfItsRollback(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		errStop := errors.New("cannot close")
		a.build(t,
			a.plain("a", steps{"stop": func(context.Context) error { return errStop }}),
			a.plain("b", steps{"stop": hangs(t)}),
			a.plain("c", steps{"start": fails}),
		)

		begin := time.Now()
		err := a.Start(t.Context())

		wantTook(t, begin, budget+wait)
		wantText(t, err,
			`host: start service "c": broken`,
			`host: stop service "b": 30s shutdown timeout reached, left behind`,
			`host: stop service "a": cannot close`)
		wantIs(t, err, errStop)
	})
}

// Rule 5, F8: what was half made can be released, for a second at most, and
// the error of that is logged only.
func TestServiceWhoseStartFailedIsCleanedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"start": fails, "stop": waits}, hosted.StopTimeout(time.Minute)))

		begin := time.Now()
		err := a.Start(t.Context())

		wantTook(t, begin, time.Second)
		wantText(t, err, `host: start service "a": broken`)
		a.want(t, "a start, a stop")
		if got := a.logged("cleanup after failed start failed"); len(got) != 1 || got[0]["error"] != "1s cleanup timeout reached" {
			t.Errorf("cleanup: %v", got)
		}
	})
}

// Rule 6: who is left behind is named, also after a start that was cancelled.
func TestServiceThatHangsInItsCleanUpIsNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"start": waits, "stop": hangs(t)}))
		time.AfterFunc(time.Second, func() { a.Lifetime().StopApplication(nil) })

		begin := time.Now()
		err := a.Start(t.Context())

		wantTook(t, begin, 2*time.Second+wait)
		wantText(t, err,
			"host: stopped while starting: stop requested",
			`host: stop service "a": 1s cleanup timeout reached, left behind`)
		wantState(t, a, "a", hosted.StateLeftBehind)
	})
}

// ST-14 differs: a failure in any starting phase is rolled back, also that of
// StartedAsync (ST-29).
func TestFailureOfEachStartingPhaseIsRolledBack(t *testing.T) {
	t.Parallel()
	for phase, want := range map[string]string{
		"starting": "a starting, b starting, b stopped, a stopped",
		"start": "a starting, b starting, c starting, a start, b start, " +
			"a stopping, b stop, a stop, c stopped, b stopped, a stopped",
		"started": "a starting, b starting, c starting, a start, b start, c start, a started, b started, " +
			"c stopping, b stopping, a stopping, c stop, b stop, a stop, c stopped, b stopped, a stopped",
	} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{})
				a.build(t, a.full("a", nil), a.full("b", steps{phase: fails}), a.full("c", nil))

				err := a.Start(t.Context())

				wantText(t, err, `host: `+phase+` service "b": broken`)
				a.want(t, want)
				select {
				case <-a.Lifetime().Started():
					t.Error("Started was closed") // AL-4
				default:
				}
			})
		})
	}
}

// Rule 4 and 5, F1: the rollback has a context and a budget of its own.
func TestRollbackAfterATimeoutRunsOnAFreshContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		a := newApplication(hosted.Options{StartupTimeout: 5 * time.Second})
		a.build(t,
			a.plain("a", steps{"stop": func(ctx context.Context) error {
				deadline, _ := ctx.Deadline()
				if left := time.Until(deadline); ctx.Err() != nil || left != budget {
					t.Errorf("rollback: %v left, %v", left, ctx.Err())
				}
				if ctx.Value(key{}) != "value" {
					t.Error("rollback has lost the values of the start")
				}
				return nil
			}}),
			a.plain("b", steps{"start": waits}),
			a.plain("c", nil),
		)

		begin := time.Now()
		err := a.Start(context.WithValue(t.Context(), key{}, "value"))

		wantTook(t, begin, 5*time.Second)
		wantText(t, err, `host: start service "b": 5s startup timeout reached`)
		wantIs(t, err, context.DeadlineExceeded)
		a.want(t, "a start, b start, b stop, a stop")
	})
}

// Rule 4: the cause says what has ended the start. ST-2, ST-18, ST-19.
func TestCauseOfTheStartContextSaysWhatEndedIt(t *testing.T) {
	t.Parallel()
	errCaller := errors.New("caller gave up")
	for name, test := range map[string]struct {
		options hosted.Options
		service []hosted.ServiceOption
		caller  time.Duration
		want    string
	}{
		"caller":         {caller: time.Second, want: "caller gave up"},
		"service":        {service: []hosted.ServiceOption{hosted.StartTimeout(2 * time.Second)}, want: "2s start timeout reached"},
		"host":           {options: hosted.Options{StartupTimeout: 3 * time.Second}, want: "3s startup timeout reached"},
		"shortest first": {options: hosted.Options{StartupTimeout: 3 * time.Second}, caller: time.Second, want: "caller gave up"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(test.options)
				var cause error
				a.build(t, a.plain("a", steps{"start": func(ctx context.Context) error {
					<-ctx.Done()
					cause = context.Cause(ctx)
					return ctx.Err()
				}}, test.service...))
				ctx, cancel := context.WithCancelCause(t.Context())
				if test.caller > 0 {
					time.AfterFunc(test.caller, func() { cancel(errCaller) })
				}
				defer cancel(nil)

				err := a.Start(ctx)

				wantText(t, err, `host: start service "a": `+test.want)
				wantText(t, cause, test.want)
			})
		})
	}
}

// Rule 4, ST-5.
func TestNothingStartsOnAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.full("a", nil))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()

		err := a.Start(ctx)

		wantText(t, err, "host: start: context canceled")
		wantIs(t, err, context.Canceled)
		a.want(t, "")
	})
}

// Rule 4; ST-18 differs: the host looks at its context between two services.
func TestNoServiceIsStartedAfterTheStartContextHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{StartupTimeout: 5 * time.Second})
		a.build(t, a.plain("a", steps{"start": takes(5*time.Second + wait/2)}), a.plain("b", nil))

		err := a.Start(t.Context())

		wantText(t, err, "host: start: 5s startup timeout reached")
		a.want(t, "a start, a stop")
	})
}

// Rule 4: also when the last service has just made it.
func TestStartThatEndsTooLateIsRolledBack(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"starting", "start", "started"} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{StartupTimeout: 5 * time.Second})
				a.build(t, a.full("a", steps{phase: takes(5*time.Second + wait/2)}))

				wantText(t, a.Start(t.Context()), "host: start: 5s startup timeout reached")
				if calls := a.take(); calls[len(calls)-1] != "a stopped" {
					t.Errorf("calls %v", calls)
				}
			})
		})
	}
}

// Rule 4, ST-20: a stop asked for meanwhile ends the start.
func TestStopApplicationEndsTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil), a.plain("b", steps{"start": waits}), a.plain("c", nil))
		time.AfterFunc(time.Second, func() { a.Lifetime().StopApplication(hosted.StopReason("no longer needed")) })

		begin := time.Now()
		err := a.Start(t.Context())

		wantTook(t, begin, time.Second)
		wantText(t, err, "host: stopped while starting: no longer needed")
		wantIs(t, err, hosted.ErrStopped)
		a.want(t, "a start, b start, b stop, a stop")
		if failed := a.logs.FilterLevelExact(zapcore.ErrorLevel).All(); len(failed) > 0 {
			t.Errorf("errors were logged: %v", failed)
		}
		if reason := a.logged("host stopping")[0]["reason"]; reason != "no longer needed" {
			t.Errorf("reason %v", reason)
		}
	})
}

// ST-20: from within StartAsync; no further service is started.
func TestStopApplicationFromWithinStartAsyncKeepsTheRestFromStarting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			a := newApplication(hosted.Options{})
			a.build(t, a.plain("a", steps{"start": func(context.Context) error {
				a.Lifetime().StopApplication(nil)
				return nil
			}}), a.plain("b", nil))

			err := a.Start(t.Context())

			wantText(t, err, "host: stopped while starting: stop requested")
			a.want(t, "a start, a stop")
		}
	})
}

// Rule 9, ST-20: a stop for a failure makes that the error of the start.
func TestFailureThatEndsTheStartIsItsError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"start": waits}))
		time.AfterFunc(time.Second, func() { a.Lifetime().StopApplication(errBroken) })

		err := a.Start(t.Context())

		wantText(t, err, "broken")
		if failed := a.logged("host start failed"); len(failed) != 1 || failed[0]["error"] != "broken" {
			t.Errorf("host start failed: %v", failed)
		}
	})
}

// A panic is a mistake of the service, not an answer to the end of its context.
func TestPanicDuringACancelledStartIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"start": func(ctx context.Context) error {
			<-ctx.Done()
			panic("oops")
		}}))
		time.AfterFunc(time.Second, func() { a.Lifetime().StopApplication(nil) })

		err := a.Start(t.Context())

		if _, ok := errors.AsType[*hosted.PanicError](err); !ok {
			t.Errorf("error %v, want the panic in it", err)
		}
	})
}

// What a service returns after its context has ended is not lost, neither its
// own words nor what it joined.
func TestErrorThatComesWithTheEndOfTheContextIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{StartupTimeout: time.Second})
		a.build(t, a.plain("a", steps{"start": func(ctx context.Context) error {
			<-ctx.Done()
			return errors.Join(context.Cause(ctx), errBroken)
		}}))

		wantIs(t, a.Start(t.Context()), errBroken)
	})
}

// Rule 5: a service that ignores its context is left behind, named, and stopped
// once if it starts after all.
func TestServiceThatStartsAfterItWasLeftBehindIsStoppedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.full("a", nil),
			a.full("b", steps{"start": takes(time.Minute), "stop": func(ctx context.Context) error {
				if deadline, _ := ctx.Deadline(); ctx.Err() != nil || time.Until(deadline) != budget {
					t.Errorf("late stop: %v, until %v", ctx.Err(), deadline)
				}
				return nil
			}}, hosted.StartTimeout(5*time.Second)))

		begin := time.Now()
		err := a.Start(t.Context())

		wantTook(t, begin, 5*time.Second+wait)
		wantText(t, err, `host: start service "b": 5s start timeout reached, left behind`)
		a.want(t, "a starting, b starting, a start, b start, a stopping, a stop, a stopped")
		wantState(t, a, "b", hosted.StateLeftBehind)
		if got := a.logged("service left behind"); len(got) != 1 || got[0]["service"] != "b" || got[0]["phase"] != "start" {
			t.Errorf("service left behind: %v", got)
		}

		time.Sleep(time.Minute)
		synctest.Wait()
		a.want(t, "b stop")
		wantState(t, a, "b", hosted.StateStopped)
		if got := a.logged("service returned late"); len(got) != 1 || got[0]["service"] != "b" {
			t.Errorf("service returned late: %v", got)
		}
		_ = a.Stop(t.Context())
		a.want(t, "")
	})
}

// Rule 5: the same when it returns while the rollback is still going on, before
// or after the walk has passed it.
func TestServiceThatStartsDuringTheRollbackIsStoppedOnce(t *testing.T) {
	t.Parallel()
	for _, slow := range []string{"stopping", "stop"} {
		t.Run(slow, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{StartupTimeout: 5 * time.Second})
				a.build(t, a.full("a", steps{slow: takes(20 * time.Second)}), a.plain("b", steps{"start": takes(10 * time.Second)}))

				begin := time.Now()
				_ = a.Start(t.Context())

				wantTook(t, begin, 25*time.Second+wait)
				stops := slices.DeleteFunc(a.take(), func(call string) bool { return call != "b stop" })
				if len(stops) != 1 {
					t.Errorf("StopAsync was called %d times, want once", len(stops))
				}
			})
		})
	}
}

// Rule 5: a late start that fails is cleaned up, as one that fails in time, whether
// the walk goes on or not, and once.
func TestServiceThatFailsAfterItWasLeftBehindIsCleanedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"start": func(context.Context) error {
			time.Sleep(time.Minute)
			return errBroken
		}}, hosted.StartTimeout(time.Second)))

		_ = a.Start(t.Context())
		a.want(t, "a start")
		time.Sleep(2 * time.Minute)

		a.want(t, "a stop")
		wantState(t, a, "a", hosted.StateFailed)
		if got := a.logged("service returned late"); len(got) != 1 || got[0]["error"] != "broken" {
			t.Errorf("service returned late: %v", got)
		}
	})
}

func TestServiceThatFailsLateInTheRollbackIsCleanedUpOnce(t *testing.T) {
	t.Parallel()
	for _, slow := range []string{"stopping", "stop"} {
		t.Run(slow, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{StartupTimeout: 5 * time.Second})
				a.build(t, a.full("a", steps{slow: takes(20 * time.Second)}), a.plain("b", steps{"start": func(context.Context) error {
					time.Sleep(10 * time.Second)
					return errBroken
				}}))
				_ = a.Start(t.Context())
				stops := slices.DeleteFunc(a.take(), func(call string) bool { return call != "b stop" })
				if len(stops) != 1 {
					t.Errorf("StopAsync was called %d times, want once", len(stops))
				}
			})
		})
	}
}

// Rule 7; ST-17 differs.
func TestSecondStartIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil))
		a.start(t)

		if err := a.Start(t.Context()); err != hosted.ErrAlreadyStarted { //nolint:errorlint // the bare one
			t.Errorf("second Start: %v, want ErrAlreadyStarted", err)
		}
		a.stop(t)
		if err := a.Start(t.Context()); err != hosted.ErrStopped { //nolint:errorlint // the bare one
			t.Errorf("Start after Stop: %v, want ErrStopped", err)
		}
		a.want(t, "a start, a stop")
	})
}

// Rule 7.
func TestStartAfterAFailedStartIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"start": fails}))
		_ = a.Start(t.Context())

		if err := a.Start(t.Context()); err != hosted.ErrStopped { //nolint:errorlint // the bare one
			t.Errorf("second Start: %v, want ErrStopped", err)
		}
	})
}

func TestHostWithoutServicesStartsAndStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t)
		a.start(t)
		a.stop(t)
	})
}

// Rule 5: a start that is cancelled by its caller while nothing hangs.
func TestCancellingTheStartStopsWhatHasStarted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil), a.plain("b", steps{"start": waits}))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)

		err := a.Start(ctx)

		wantText(t, err, `host: start service "b": context canceled`)
		a.want(t, "a start, b start, b stop, a stop")
	})
}

// The end of the start ends its context and nothing else.
func TestStartContextEndsWithTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var start context.Context
		a := newApplication(hosted.Options{StartupTimeout: time.Minute})
		a.build(t, a.plain("a", steps{"start": func(ctx context.Context) error {
			start = ctx //nolint:fatcontext // to look at it later
			return nil
		}}))

		a.start(t)

		if start.Err() == nil {
			t.Error("the context of the start goes on after it")
		}
		time.Sleep(time.Hour)
		if reason := a.Lifetime().Cause(); reason != nil {
			t.Errorf("the host stops: %v", reason)
		}
	})
}

// A service that takes long to start is told, with growing gaps.
func TestAServiceThatTakesLongIsWaitedForInPublic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("slow", steps{"start": takes(100 * time.Second), "stop": takes(15 * time.Second)}), a.plain("quick", nil))
		a.start(t)
		a.stop(t)

		var told []string
		for _, record := range a.logged("waiting for service") {
			told = append(told, fmt.Sprint(record["service"], " ", record["phase"], " ", record["elapsed"]))
		}
		want := []string{"slow start 10s", "slow start 30s", "slow start 1m10s", "slow stop 10s"}
		if !slices.Equal(told, want) {
			t.Errorf("got %q, want %q", told, want)
		}
	})
}

// Work that was begun on the context of StartAsync finds out why it has ended.
func TestCauseOfAStartThatIsOverSaysWhatToDo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		var loop context.Context
		a.build(t, a.plain("a", steps{"start": func(ctx context.Context) error {
			loop = ctx //nolint:fatcontext // the mistake of the test
			return nil
		}}))
		a.start(t)
		if cause := context.Cause(loop); cause == nil || !strings.Contains(cause.Error(), "the context of StartAsync bounds starting only") {
			t.Errorf("cause %v", cause)
		}
		a.stop(t)
	})
}

// Failures lists what went wrong with each service, in order.
func TestFailuresOfAJoinedError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"stop": fails}), a.plain("b", steps{"stop": fails}), a.plain("c", steps{"start": fails}))

		err := fmt.Errorf("run: %w", a.Start(t.Context()))

		var got []string
		for _, failure := range hosted.Failures(err) {
			got = append(got, failure.Service+" "+failure.Phase)
		}
		want := []string{"c " + hosted.PhaseStart, "b " + hosted.PhaseStop, "a " + hosted.PhaseStop}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		if hosted.Failures(nil) != nil || hosted.Failures(brokenError{}) != nil {
			t.Error("failures of an error without any")
		}
	})
}
