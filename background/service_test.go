package background_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/lifetest"
)

// BG-2: the whole of ExecuteAsync runs off the starting goroutine.
func TestStartReturnsAtOnceAndTheWorkGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, _ := bound(t, func(ctx context.Context) error {
			time.Sleep(time.Hour) // blocks, as code before the first await does
			return untilStopped(ctx)
		})
		begin := time.Now()
		must(t, j.StartAsync(t.Context()))
		wantTook(t, begin, 0)
		if j.Done() == nil || closed(j.Done()) || j.Err() != nil {
			t.Error("the work has ended")
		}
		must(t, j.StopAsync(t.Context()))
		wantTook(t, begin, time.Hour)
	})
}

// BG-3: entered exactly once, even if the stop comes at once.
func TestWorkIsEnteredOnceAlsoIfTheStopComesAtOnce(t *testing.T) {
	t.Parallel()
	for range 500 {
		var entered atomic.Int32
		j, _ := bound(t, func(ctx context.Context) error {
			entered.Add(1)
			return untilStopped(ctx)
		})
		must(t, j.StartAsync(t.Context()))
		must(t, j.StopAsync(t.Context()))
		if n := entered.Load(); n != 1 {
			t.Fatalf("ExecuteAsync was entered %d times", n)
		}
	}
}

// BG-3: differs in that the start fails.
func TestStartOnAContextThatHasEndedStartsNothing(t *testing.T) {
	t.Parallel()
	j, _ := bound(t, func(context.Context) error {
		t.Error("ExecuteAsync was entered")
		return nil
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errBroken)
	if err := j.StartAsync(ctx); !errors.Is(err, errBroken) {
		t.Errorf("error %v, want the cause", err)
	}
	must(t, j.StopAsync(t.Context()))
}

// F7; BG-4 differs: the loop outlives the context of the start and keeps its
// values.
func TestWorkSurvivesTheEndOfTheStartContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		var value any
		j, _ := bound(t, func(ctx context.Context) error {
			value = ctx.Value(key{})
			if _, bounded := ctx.Deadline(); bounded {
				t.Error("the loop has the deadline of the start")
			}
			return untilStopped(ctx)
		})
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "value"), time.Second)
		must(t, j.StartAsync(ctx))
		cancel()
		time.Sleep(time.Hour)

		if closed(j.Done()) {
			t.Error("the work has ended")
		}
		must(t, j.StopAsync(t.Context()))
		if value != "value" {
			t.Errorf("value %v", value)
		}
	})
}

// What was derived from the loop's context ends with the loop.
func TestContextOfTheWorkEndsWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		j, _ := bound(t, func(ctx context.Context) error {
			context.AfterFunc(ctx, func() { close(over) })
			return nil
		})
		must(t, j.StartAsync(t.Context()))
		<-j.Done()
		<-over
	})
}

// BG-5.
func TestStopBeforeStartDoesNothing(t *testing.T) {
	t.Parallel()
	j, _ := bound(t, fails)
	must(t, j.StopAsync(t.Context()))
	must(t, new(job).StopAsync(t.Context()))
}

// BG-14.
func TestThereIsNothingToAwaitBeforeTheStart(t *testing.T) {
	t.Parallel()
	j, _ := bound(t, fails)
	if j.Done() != nil || j.Err() != nil {
		t.Errorf("Done %v, Err %v", j.Done(), j.Err())
	}
}

// BG-6.
func TestStopCancelsTheWorkAndWaitsForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, _ := bound(t, func(ctx context.Context) error {
			<-ctx.Done()
			if cause := context.Cause(ctx); cause.Error() != "background: service stopped" {
				t.Errorf("cause %v", cause)
			}
			time.Sleep(3 * time.Second) // puts its things in order
			return ctx.Err()
		})
		must(t, j.StartAsync(t.Context()))

		begin := time.Now()
		must(t, j.StopAsync(t.Context()))
		wantTook(t, begin, 3*time.Second)
		must(t, j.StopAsync(t.Context())) // again
	})
}

// BG-6, BG-10: differs in that the end of the context is an error.
func TestStopEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, _ := bound(t, func(context.Context) error {
			time.Sleep(time.Minute)
			return nil
		})
		must(t, j.StartAsync(t.Context()))
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBroken)
		defer cancel()

		begin := time.Now()
		if err := j.StopAsync(ctx); !errors.Is(err, errBroken) {
			t.Errorf("error %v, want the cause", err)
		}
		wantTook(t, begin, time.Second)
		must(t, j.StopAsync(t.Context()))
		wantTook(t, begin, time.Minute)
	})
}

// A context that has ended does not hide that the work is over.
func TestStopOnAnEndedContextFindsWorkThatIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, ended := bound(t, func(context.Context) error { return nil })
		must(t, j.StartAsync(t.Context()))
		<-ended
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 50 {
			must(t, j.StopAsync(ctx))
		}
	})
}

// BG-8, BG-17: what comes back after the stop is silent if it is a cancellation
// and an error of StopAsync if not.
func TestErrorAfterTheStop(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		result func(ctx context.Context) error
		want   string
	}{
		"nil":           {func(context.Context) error { return nil }, ""},
		"context's":     {func(ctx context.Context) error { return ctx.Err() }, ""},
		"wrapped":       {func(ctx context.Context) error { return fmt.Errorf("poll: %w", ctx.Err()) }, ""},
		"cause":         {context.Cause, ""},
		"wrapped cause": {func(ctx context.Context) error { return fmt.Errorf("poll: %w", context.Cause(ctx)) }, ""},
		"genuine":       {fails, "broken"},
		"deadline":      {func(context.Context) error { return context.DeadlineExceeded }, "context deadline exceeded"},
		"joined": {
			func(ctx context.Context) error { return errors.Join(ctx.Err(), errBroken) },
			"context canceled\nbroken",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j, ended := bound(t, func(ctx context.Context) error {
					<-ctx.Done()
					return test.result(ctx)
				})
				must(t, j.StartAsync(t.Context()))

				for range 2 { // and the same again
					if err := j.StopAsync(t.Context()); test.want == "" {
						must(t, err)
					} else {
						wantText(t, err, test.want)
					}
				}
				if closed(ended) {
					t.Error("the end was told as one that the service has chosen")
				}
			})
		})
	}
}

// BG-7, BG-9, BG-10: an end by itself is told, with its error, and is not an
// error of StopAsync.
func TestEndByItselfIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		execute func(context.Context) error
		want    string
	}{
		"nil":          {func(context.Context) error { return nil }, ""},
		"error":        {fails, "broken"},
		"cancellation": {func(context.Context) error { return context.Canceled }, "context canceled"},
		"panic":        {func(context.Context) error { panic("oops") }, "panic: oops"},
		"Goexit": {func(context.Context) error {
			runtime.Goexit()
			return nil
		}, "goroutine exited without returning (runtime.Goexit)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j, ended := bound(t, test.execute)
				must(t, j.StartAsync(t.Context()))

				<-ended
				<-j.Done()
				if test.want == "" {
					must(t, j.Err())
				} else {
					wantText(t, j.Err(), test.want)
				}
				must(t, j.StopAsync(t.Context()))
			})
		})
	}
}

// BG-7, BG-15, rule 9 of hosted.
func TestFaultStopsTheHostWhichReturnsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runner, logs := build(t, hosted.AddHostedService[*job](func() *job { return &job{execute: failsLater} }))
		must(t, runner.Start(t.Context()))
		<-runner.Lifetime().StopRequested()
		err := runner.Stop(t.Context())
		wantText(t, err, `host: run service "background_test.job": broken`)
		if got := logs.FilterMessage("service faulted").Len(); got != 1 {
			t.Errorf("logged %d times", got)
		}
	})
}

// BG-7: a panic has its stack, and the others are stopped in order.
func TestPanicStopsTheHostWhichReturnsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runner, logs := build(t,
			background.Func("panics", func(ctx context.Context) error {
				_ = failsLater(ctx)
				panic("oops")
			}),
			background.Func("other", untilStopped))
		must(t, runner.Start(t.Context()))
		<-runner.Lifetime().StopRequested()
		err := runner.Stop(t.Context())
		wantText(t, err, `host: run service "panics": panic: oops`)
		var panicked *hosted.PanicError
		if !errors.As(err, &panicked) || !strings.Contains(string(panicked.Stack), "service_test.go") {
			t.Errorf("error %v without its stack", err)
		}
		if got := logs.FilterMessage("service faulted").All()[0].ContextMap()["stack"]; got == nil {
			t.Error("the record has no stack")
		}
	})
}

// ST-21: a fault while others still start ends the start; they are not blamed.
func TestPanicDuringTheStartIsTheErrorOfTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runner, _ := build(t,
			background.Func("panics", func(context.Context) error { panic("oops") }),
			hosted.AddInstance(&eager{job: job{execute: untilStopped}, takes: time.Second}),
			background.Func("other", untilStopped))
		wantText(t, runner.Start(t.Context()), `host: run service "panics": panic: oops`)
	})
}

// Rule 9: a cancellation of our own making is no fault.
func TestStopOfTheHostIsNoFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runner, logs := build(t, background.Func("loop", untilStopped))
		must(t, runner.Start(t.Context()))
		must(t, runner.Stop(t.Context()))
		if got := logs.FilterMessage("service faulted").Len(); got != 0 {
			t.Errorf("logged %d times", got)
		}
		if status, _ := runner.Services().Get("loop"); status.State != hosted.StateStopped {
			t.Errorf("status %+v", status)
		}
	})
}

// BG-17: a genuine error after the stop is an error of the stop.
func TestErrorAfterTheStopIsOneOfTheHostsStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runner, _ := build(t, background.Func("loop", func(ctx context.Context) error {
			<-ctx.Done()
			return errBroken
		}))
		must(t, runner.Start(t.Context()))
		wantText(t, runner.Stop(t.Context()), `host: stop service "loop": broken`)
	})
}

// draining has a StopAsync of its own that does something before the loop is
// stopped.
type draining struct{ job }

func (d *draining) StopAsync(ctx context.Context) error {
	time.Sleep(10 * time.Second)
	return d.job.StopAsync(ctx)
}

// Rule 9, BG-17: a fault between the call of StopAsync and the end of the
// loop's context is not lost.
func TestFaultWhileItsOwnStopHasNotReachedTheLoopIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &draining{job{execute: func(context.Context) error {
			time.Sleep(5 * time.Second)
			return errBroken
		}}}
		runner, _ := build(t, hosted.AddInstance(service, hosted.Name("draining")))
		must(t, runner.Start(t.Context()))
		wantText(t, runner.Stop(t.Context()), `host: run service "draining": broken`)
	})
}

// Whatever the goroutines do: the error of a loop that ends when the stop comes
// is reported once, as a fault or as an error of the stop.
func TestErrorThatRacesWithTheStopIsReportedOnce(t *testing.T) {
	t.Parallel()
	for range 300 {
		begin := make(chan struct{})
		runner, _ := build(t, background.Func("loop", func(context.Context) error {
			<-begin
			return errBroken
		}))
		must(t, runner.Start(t.Context()))
		close(begin)
		err := runner.Stop(t.Context())
		if err == nil || strings.Count(err.Error(), "broken") != 1 {
			t.Fatalf("error %v, want broken once", err)
		}
	}
}

// BG-12.
func TestEndOfTheWorkLeavesTheHostRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runner, _ := build(t, background.Func("short", func(context.Context) error { return nil }))
		must(t, runner.Start(t.Context()))
		time.Sleep(time.Hour)
		if runner.Lifetime().Cause() != nil {
			t.Error("the host stops")
		}
		if status, _ := runner.Services().Get("short"); status.State != hosted.StateCompleted {
			t.Errorf("status %+v", status)
		}
		must(t, runner.Stop(t.Context()))
	})
}

// Rule 10.
func TestStopWhenDoneStopsAHostOfBackgroundServices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		nap := func(d time.Duration) func(context.Context) error {
			return func(context.Context) error {
				time.Sleep(d)
				return nil
			}
		}
		runner, err := lifetest.New(nil, hosted.Options{StopWhenDone: true},
			background.Func("one", nap(time.Second)), background.Func("two", nap(time.Minute)))
		must(t, err)
		begin := time.Now()
		must(t, runner.Start(t.Context()))
		<-runner.Lifetime().StopRequested()
		wantTook(t, begin, time.Minute)
		must(t, runner.Stop(t.Context()))
	})
}

func TestWorkThatHasEndedMayBeStartedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		entered := 0
		j := &job{execute: func(context.Context) error {
			entered++
			return errBroken
		}}
		must(t, j.Bind(j, func() {}))
		for want := 1; want <= 3; want++ {
			must(t, j.StartAsync(t.Context()))
			<-j.Done()
			if entered != want || !errors.Is(j.Err(), errBroken) {
				t.Errorf("entered %d times, error %v", entered, j.Err())
			}
		}
		must(t, j.StopAsync(t.Context()))
	})
}

// A restart may come from the news of the end itself.
func TestWorkMayBeStartedAgainByWhoIsToldOfItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := make(chan struct{}, 3)
		j := &job{execute: func(context.Context) error {
			runs <- struct{}{}
			return errBroken
		}}
		must(t, j.Bind(j, func() {
			if errors.Is(j.Err(), errBroken) && len(runs) < 3 {
				must(t, j.StartAsync(context.Background()))
			}
		}))
		must(t, j.StartAsync(t.Context()))
		synctest.Wait()
		if len(runs) != 3 {
			t.Errorf("%d runs, want 3", len(runs))
		}
	})
}

func TestSecondStartOfWorkThatRunsIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, _ := bound(t, untilStopped)
		must(t, j.StartAsync(t.Context()))
		wantText(t, j.StartAsync(t.Context()), "background: *background_test.job is running already: only the host calls StartAsync")
		must(t, j.StopAsync(t.Context()))
	})
}

func TestUnboundServiceSaysWhatToDo(t *testing.T) {
	t.Parallel()
	err := new(job).StartAsync(t.Context())
	wantText(t, err, "background: BackgroundService does not know the type it is embedded in: "+
		"register that with hosted.AddHostedService, and the host calls StartAsync (a test may call Bind before)")
}

// idle has no ExecuteAsync.
type idle struct{ background.BackgroundService }

func TestTypeWithoutExecuteAsyncFailsTheBuild(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.Module(),
		hosted.AddHostedService[*idle](func() *idle { return &idle{} })).Err()
	if err == nil || !strings.Contains(err.Error(), "*background_test.idle embeds BackgroundService: "+
		"it needs a method ExecuteAsync(ctx context.Context) error") || !strings.Contains(err.Error(), "service_test.go:") {
		t.Errorf("error %v", err)
	}
}

// eager has a StartAsync of its own that calls the base's.
type eager struct {
	job
	takes time.Duration
	fail  bool
}

func (e *eager) StartAsync(ctx context.Context) error {
	select {
	case <-time.After(e.takes):
	case <-ctx.Done():
		return ctx.Err()
	}
	if e.fail {
		return errBroken
	}
	return e.job.StartAsync(ctx)
}

func TestTypeMayHaveAStartAsyncOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service := &eager{job: job{execute: untilStopped}}
		runner, _ := build(t, hosted.AddInstance(service))
		must(t, runner.Start(t.Context()))
		if service.Done() == nil {
			t.Error("the work was not started")
		}
		must(t, runner.Stop(t.Context()))
	})
}

// lingering has a StartAsync that goes on after the work has begun.
type lingering struct{ job }

func (l *lingering) StartAsync(ctx context.Context) error {
	err := l.job.StartAsync(ctx)
	time.Sleep(time.Second)
	return err
}

func TestWorkThatEndsDuringTheStartOfItsServiceHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runner, _ := build(t,
			hosted.AddInstance(&lingering{job{execute: func(context.Context) error { return nil }}}, hosted.Name("short")))
		must(t, runner.Start(t.Context()))
		if status, _ := runner.Services().Get("short"); status.State != hosted.StateCompleted {
			t.Errorf("status %+v", status)
		}
		must(t, runner.Stop(t.Context()))
	})
}

// ST-22: without the base's StartAsync there is no work, and nothing to watch.
func TestServiceWhoseOwnStartFailsIsCleanedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runner, _ := build(t, hosted.AddInstance(&eager{job: job{execute: untilStopped}, fail: true}))
		wantText(t, runner.Start(t.Context()), `host: start service "background_test.eager": broken`)
	})
}

// BG-6, rule 6: a loop that ignores its context is left behind, named.
func TestLoopThatIgnoresItsContextIsLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		defer time.Sleep(24 * time.Hour) // for who was left behind
		runner, _ := build(t, background.Func("deaf", func(context.Context) error {
			time.Sleep(time.Hour)
			return nil
		}))
		must(t, runner.Start(t.Context()))
		begin := time.Now()
		wantText(t, runner.Stop(t.Context()), `host: stop service "deaf": 30s shutdown timeout reached: ExecuteAsync has not returned`)
		wantTook(t, begin, hosted.DefaultShutdownTimeout)
	})
}

func TestMethodsMayBeCalledFromAnyGoroutine(t *testing.T) {
	t.Parallel()
	j := &job{execute: untilStopped}
	must(t, j.Bind(j, func() {}))
	var calls sync.WaitGroup
	for range 8 {
		calls.Go(func() {
			for range 50 {
				_ = j.StartAsync(context.Background())
				_, _ = j.Done(), j.Err()
				_ = j.StopAsync(context.Background())
			}
		})
	}
	calls.Wait()
	must(t, j.StopAsync(t.Context()))
}

func TestFuncWithoutAFunctionIsAnErrorOfTheBuild(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.Module(), background.Func("empty", nil)).Err()
	if err == nil || !strings.Contains(err.Error(), `background: Func("empty") at `) || !strings.Contains(err.Error(), "service_test.go:") {
		t.Errorf("error %v", err)
	}
}

func TestFuncWithoutANameIsAnErrorOfTheBuild(t *testing.T) {
	t.Parallel()
	err := fx.New(fx.NopLogger, hosted.Module(), background.Func("", untilStopped)).Err()
	if err == nil || !strings.Contains(err.Error(), "name is empty") || !strings.Contains(err.Error(), "service_test.go:") {
		t.Errorf("error %v", err)
	}
}

// The same options may build several applications, as all options of fx do.
func TestSameFuncRunsInSeveralApplications(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int32
		option := background.Func("loop", func(ctx context.Context) error {
			running.Add(1)
			defer running.Add(-1)
			return untilStopped(ctx)
		})
		first, _ := build(t, option)
		second, _ := build(t, option)
		must(t, first.Start(t.Context()))
		must(t, second.Start(t.Context()))
		synctest.Wait()
		if n := running.Load(); n != 2 {
			t.Errorf("%d loops, want 2", n)
		}
		must(t, first.Stop(t.Context()))
		if n := running.Load(); n != 1 {
			t.Errorf("%d loops, want 1", n)
		}
		must(t, second.Stop(t.Context()))
	})
}

// forgetful has methods of its own that do not call those of the base.
type forgetful struct {
	background.BackgroundService
	start, stop bool // of the base are called
}

func (*forgetful) ExecuteAsync(ctx context.Context) error { return untilStopped(ctx) }

func (f *forgetful) StartAsync(ctx context.Context) error {
	if !f.start {
		return nil
	}
	return f.BackgroundService.StartAsync(ctx)
}

func (f *forgetful) StopAsync(ctx context.Context) error {
	if !f.stop {
		return nil
	}
	return f.BackgroundService.StopAsync(ctx)
}

func TestOverridingWithoutCallingTheBaseIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runner, _ := build(t, hosted.AddInstance(&forgetful{stop: true}, hosted.Name("w")))
		wantText(t, runner.Start(t.Context()), `host: start service "w": *background_test.forgetful has a StartAsync of its own `+
			`that does not call the one of the type it embeds, so that its work has not begun: `+
			`end it with "return s.BackgroundService.StartAsync(ctx)"`)

		service := &forgetful{start: true}
		runner, _ = build(t, hosted.AddInstance(service, hosted.Name("w")))
		must(t, runner.Start(t.Context()))
		wantText(t, runner.Stop(t.Context()), `host: stop service "w": *background_test.forgetful has a StopAsync of its own `+
			`that does not call the one of the type it embeds, so that its work goes on: `+
			`end it with "return s.BackgroundService.StopAsync(ctx)"`)
		must(t, service.BackgroundService.StopAsync(t.Context()))

		runner, _ = build(t, hosted.AddInstance(&forgetful{start: true, stop: true}))
		must(t, runner.Start(t.Context()))
		must(t, runner.Stop(t.Context()))
	})
}

// Rule 6: one that hangs does not cut off the others, nor has it them named.
func TestAServiceThatHangsInTheStopLeavesTheOthersTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		flushed := 0
		flushes := func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(20 * time.Millisecond)
			flushed++
			return nil
		}
		hang := make(chan struct{})
		t.Cleanup(func() { close(hang) })
		runner, logs := build(t, background.Func("a", flushes), background.Func("b", flushes), background.Func("c", flushes),
			background.Func("hangs", func(context.Context) error { <-hang; return nil }))
		must(t, runner.Start(t.Context()))
		synctest.Wait()

		err := runner.Stop(t.Context())
		if got := hosted.Failures(err); len(got) != 1 || got[0].Service != "hangs" {
			t.Errorf("error %v", err)
		}
		if flushed != 3 {
			t.Errorf("%d of 3 have flushed", flushed)
		}
		if failed := logs.FilterLevelExact(zapcore.ErrorLevel).Len(); failed != 2 { // and host stopped
			t.Errorf("records %v", logs.All())
		}
	})
}
