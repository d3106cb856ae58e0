package hosted_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted"
)

// Rule 6 and 11, SP-4, SP-10.
func TestStopVisitsEveryServiceAfterOneFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.full("a", steps{"stop": fails, "stopped": fails}), a.full("b", steps{"stopping": fails, "stop": fails}))
		a.start(t)
		a.take()

		err := a.Stop(t.Context())

		a.want(t, "b stopping, a stopping, b stop, a stop, b stopped, a stopped")
		wantText(t, err,
			`host: stopping service "b": broken`,
			`host: stop service "b": broken`,
			`host: stop service "a": broken`,
			`host: stopped service "a": broken`)
		wantIs(t, err, errBroken)
		if got := a.logged("service failed"); len(got) != 4 || got[0]["phase"] != "stopping" || got[0]["service"] != "b" {
			t.Errorf("service failed: %v", got)
		}
		if got := a.logged("host stopped"); len(got) != 1 || got[0]["failures"] != int64(4) {
			t.Errorf("host stopped: %v", got)
		}
	})
}

// Rule 6: the budget is one for all; who is late is named and left behind. SP-1.
func TestServiceThatHangsInStopIsLeftBehindAfterTheBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil), a.plain("b", steps{"stop": hangs(t)}), a.plain("c", steps{"stop": takes(10 * time.Second)}))
		a.start(t)
		a.take()

		begin := time.Now()
		err := a.Stop(t.Context())

		wantTook(t, begin, budget+wait)
		a.want(t, "c stop, b stop, a stop")
		wantText(t, err, `host: stop service "b": 30s shutdown timeout reached, left behind`)
		wantIs(t, err, context.DeadlineExceeded)
		wantState(t, a, "a", hosted.StateStopped)
		wantState(t, a, "b", hosted.StateLeftBehind)
	})
}

// Rule 6, F5; SP-5 differs: those that come after the end of the budget have a
// short time of their own, on a living context, so that only who overruns is named.
func TestServicesAfterTheBudgetHaveAShortGrace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{ShutdownTimeout: time.Second})
		var cause error
		a.build(t,
			a.plain("late", steps{"stop": func(ctx context.Context) error {
				<-ctx.Done()
				cause = context.Cause(ctx)
				return ctx.Err()
			}}),
			a.plain("flushes", steps{"stop": func(ctx context.Context) error {
				select {
				case <-time.After(20 * time.Millisecond):
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}}),
			a.plain("hangs", steps{"stop": hangs(t)}))
		a.start(t)

		begin := time.Now()
		err := a.Stop(t.Context())

		wantTook(t, begin, time.Second+wait+20*time.Millisecond+grace)
		wantText(t, cause, "1s shutdown timeout reached")
		wantText(t, err,
			`host: stop service "hangs": 1s shutdown timeout reached, left behind`,
			`host: stop service "late": 1s shutdown timeout reached`)
		wantState(t, a, "flushes", hosted.StateStopped)
	})
}

// Rule 6: a whole stop is bounded, however many services hang.
func TestStopOfAThousandHangingServicesIsBounded(t *testing.T) {
	t.Parallel()
	for _, concurrent := range []bool{false, true} {
		t.Run(fmt.Sprintf("concurrent %v", concurrent), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{ServicesStopConcurrently: concurrent})
				hang := hangs(t)
				options := make([]fx.Option, 1000)
				for i := range options {
					options[i] = a.full(fmt.Sprint(i), steps{"stopping": hang, "stop": hang, "stopped": hang})
				}
				a.build(t, options...)
				for range 10 {
					a.Lifetime().OnStopping(func(ctx context.Context) { _ = hang(ctx) })
					a.Lifetime().OnStopped(func(ctx context.Context) { _ = hang(ctx) })
				}
				a.start(t)

				begin := time.Now()
				err := a.Stop(t.Context())

				if took := time.Since(begin); took < budget || took >= budget+time.Second {
					t.Errorf("took %v, want the budget and less than a second", took)
				}
				wantIs(t, err, context.DeadlineExceeded)
				calls := map[string]int{}
				for _, call := range a.take() {
					calls[call]++
				}
				for i := range options {
					if n := calls[fmt.Sprintf("%d stop", i)]; n != 1 {
						t.Fatalf("StopAsync of %d was called %d times", i, n)
					}
				}
			})
		})
	}
}

// Rule 6: the most that a stop can take, by services that use up each wait.
func TestStopOfServicesThatTrickleIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		options := []fx.Option{a.full("last", steps{"stop": hangs(t)})}
		for i := range 20 {
			slow := takes(wait - time.Millisecond)
			options = append(options, a.full(fmt.Sprint(i), steps{"stopping": slow, "stop": slow, "stopped": slow}))
		}
		options = append(options, a.full("first", steps{"stopping": hangs(t)}))
		a.build(t, options...)
		hang := hangs(t)
		a.Lifetime().OnStopping(func(ctx context.Context) { _ = hang(ctx) })
		a.Lifetime().OnStopped(func(ctx context.Context) { _ = hang(ctx) })
		a.start(t)

		begin := time.Now()
		_ = a.Stop(t.Context())

		if took := time.Since(begin); took >= budget+time.Second {
			t.Errorf("took %v, want less than the budget and a second", took)
		}
	})
}

// SP-2.
func TestStopWithoutLimitIsBoundedByItsContextAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{ShutdownTimeout: hosted.NoLimit})
		a.build(t, a.plain("a", steps{"stop": func(ctx context.Context) error {
			if deadline, ok := ctx.Deadline(); ok {
				t.Errorf("deadline %v", deadline)
			}
			time.Sleep(24 * time.Hour)
			return nil
		}}), a.plain("b", nil))
		a.start(t)

		begin := time.Now()
		a.stop(t)
		wantTook(t, begin, 24*time.Hour)
	})
}

// SP-1, SP-14: whichever ends first.
func TestStopEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"stop": waits}))
		a.start(t)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()

		begin := time.Now()
		err := a.Stop(ctx)

		wantTook(t, begin, 3*time.Second)
		wantText(t, err, `host: stop service "a": context deadline exceeded`)
	})
}

// Each service may have a limit of its own within the budget.
func TestStopTimeoutBoundsOneService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil),
			a.plain("b", steps{"stop": waits}, hosted.StopTimeout(2*time.Second)),
			a.plain("c", steps{"stop": hangs(t)}, hosted.StopTimeout(3*time.Second)))
		a.start(t)
		a.take()

		begin := time.Now()
		err := a.Stop(t.Context())

		wantTook(t, begin, 5*time.Second+wait)
		a.want(t, "c stop, b stop, a stop")
		wantText(t, err,
			`host: stop service "c": 3s stop timeout reached, left behind`,
			`host: stop service "b": 2s stop timeout reached`)
	})
}

// Rule 7, SP-6, F15.
func TestStopBeforeStartCallsNoService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.full("a", nil), a.hook("h", works, works))
		a.Lifetime().OnStopping(func(context.Context) { a.note("ApplicationStopping") })
		a.Lifetime().OnStopped(func(context.Context) { a.note("ApplicationStopped") })

		a.stop(t)

		a.want(t, "ApplicationStopping, ApplicationStopped")
		wantState(t, a, "a", hosted.StateRegistered)
		wantIs(t, a.Start(t.Context()), hosted.ErrStopped)
		a.want(t, "")
	})
}

// Rule 7; SP-11 differs.
func TestSecondStopReturnsTheResultOfTheFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"stop": fails}))
		a.start(t)

		first := a.Stop(t.Context())
		a.want(t, "a start, a stop")
		ended, cancel := context.WithCancel(t.Context())
		cancel()

		for range 50 { // of two ready cases select takes any
			if second := a.Stop(ended); second == nil || second.Error() != first.Error() {
				t.Fatalf("second Stop: %v, want %v", second, first)
			}
		}
		a.want(t, "")
		if got := len(a.logged("host stopping")); got != 1 {
			t.Errorf("host stopping was logged %d times", got)
		}
	})
}

// Rule 7: after a rollback, too (SP-7).
func TestStopAfterAFailedStartReturnsWhatItsRollbackSaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"stop": fails}), a.plain("b", steps{"start": fails}))
		_ = a.Start(t.Context())
		a.take()

		wantText(t, a.Stop(t.Context()), `host: stop service "a": broken`)
		a.want(t, "")
	})
}

// Rule 7.
func TestStopsFromSeveralGoroutinesAllGetTheSameResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"stop": func(context.Context) error {
			time.Sleep(time.Second)
			return errBroken
		}}))
		a.start(t)

		var calls sync.WaitGroup
		for range 20 {
			calls.Go(func() {
				begin := time.Now()
				wantText(t, a.Stop(context.Background()), `host: stop service "a": broken`)
				wantTook(t, begin, time.Second)
			})
		}
		calls.Wait()
		a.want(t, "a start, a stop")
	})
}

// Rule 7: a caller whose context ends does not wait for the others' stop.
func TestWaitForAStopOfSomebodyElseEndsWithTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"stop": takes(10 * time.Second)}))
		a.start(t)
		var first sync.WaitGroup
		first.Go(func() { a.stop(t) })
		time.Sleep(time.Second)

		errTired := errors.New("tired")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errTired)
		defer cancel()
		if err := a.Stop(ctx); err != errTired { //nolint:errorlint // the bare one
			t.Errorf("error %v, want tired", err)
		}
		first.Wait()
	})
}

// Rule 7: a stop during the start ends it, and stops what had started.
func TestStopDuringStart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		start step
		took  time.Duration
		want  string
		err   string
	}{
		"that honours its context": {
			start: waits, took: time.Second, want: "a start, b start, b stop, a stop",
			err: "host: stopped while starting: stop called",
		},
		"that succeeds after all": {
			start: takes(time.Second + wait/2), took: time.Second + wait/2, want: "a start, b start, b stop, a stop",
			err: "host: stopped while starting: stop called",
		},
		"that hangs": {
			start: takes(time.Minute), took: time.Second + wait, want: "a start, b start, a stop",
			err: `host: start service "b": host: stopped while starting: stop called, left behind`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(24 * time.Hour) // for who was left behind
				a := newApplication(hosted.Options{})
				a.build(t, a.plain("a", nil), a.plain("b", steps{"start": test.start}), a.plain("c", nil))
				begin := time.Now()
				var stop sync.WaitGroup
				stop.Go(func() {
					time.Sleep(time.Second)
					a.stop(t)
					wantTook(t, begin, test.took)
				})

				err := a.Start(t.Context())
				stop.Wait()

				wantText(t, err, test.err)
				wantIs(t, err, hosted.ErrStopped)
				a.want(t, test.want)
			})
		})
	}
}

// Rule 7: from inside any method or callback; that is a mistake, but bounded.
func TestStopFromInsideACallbackIsBounded(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"starting", "start", "started", "stopping", "stop", "stopped"} {
		for _, own := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s own context %v", phase, own), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					a := newApplication(hosted.Options{})
					a.build(t, a.full("a", nil), a.full("b", steps{phase: func(ctx context.Context) error {
						if !own {
							ctx = context.Background()
						}
						return a.Stop(ctx)
					}}))

					begin := time.Now()
					_ = a.Start(t.Context())
					_ = a.Stop(t.Context())

					if took := time.Since(begin); took >= budget+time.Second {
						t.Errorf("took %v", took)
					}
				})
			})
		}
	}
}

func TestStopFromInsideALifetimeCallbackIsBounded(t *testing.T) {
	t.Parallel()
	for name, register := range map[string]func(*hosted.ApplicationLifetime, func(context.Context)){
		"OnStarted":  (*hosted.ApplicationLifetime).OnStarted,
		"OnStopping": (*hosted.ApplicationLifetime).OnStopping,
		"OnStopped":  (*hosted.ApplicationLifetime).OnStopped,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{})
				a.build(t, a.plain("a", nil))
				register(a.Lifetime(), func(context.Context) { _ = a.Stop(context.Background()) })

				begin := time.Now()
				_ = a.Start(t.Context())
				_ = a.Stop(t.Context())

				if took := time.Since(begin); took >= budget+time.Second {
					t.Errorf("took %v", took)
				}
				a.want(t, "a start, a stop")
			})
		})
	}
}

// Rule 6: who comes back late from a stop is logged.
func TestServiceThatStopsLateIsLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"stop": takes(time.Minute)}))
		a.start(t)

		_ = a.Stop(t.Context())
		time.Sleep(time.Minute)

		a.want(t, "a start, a stop")
		if got := a.logged("service returned late"); len(got) != 1 || got[0]["service"] != "a" || got[0]["phase"] != "stop" {
			t.Errorf("service returned late: %v", got)
		}
	})
}

// Rule 8: a panic in every method; the others go on.
func TestPanicOfAnyMethodIsAnError(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"starting", "start", "started", "stopping", "stop", "stopped"} {
		for name, broken := range map[string]step{"panic": panics, "Goexit": exits} {
			t.Run(phase+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					a := newApplication(hosted.Options{})
					a.build(t, a.plain("a", nil), a.full("b", steps{phase: broken}))

					err := errors.Join(a.Start(t.Context()))
					if err == nil {
						err = a.Stop(t.Context())
					}

					var failed *hosted.ServiceError
					if !errors.As(err, &failed) || failed.Service != "b" || failed.Phase != phase || failed.Hook {
						t.Errorf("error %v, want a ServiceError of b in phase %s", err, phase)
					}
					var panicked *hosted.PanicError
					if isPanic := errors.As(err, &panicked); isPanic != (name == "panic") {
						t.Errorf("error %v is a PanicError: %v", err, isPanic)
					}
					if name == "panic" {
						if panicked.Value != "oops" || len(panicked.Stack) == 0 || a.logged("service failed")[0]["stack"] == nil {
							t.Errorf("panic %v has no stack", panicked)
						}
					}
					if phase == "starting" {
						a.want(t, "b starting, b stopped")
					} else if calls := a.take(); calls[1] != "a start" || calls[len(calls)-2] != "a stop" {
						t.Errorf("calls %v, want a started and stopped", calls)
					}
				})
			})
		}
	}
}
