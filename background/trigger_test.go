package background_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/lifetest"
)

const second = time.Second

func TestContinuouslyRunsAgainAndAgain(t *testing.T) {
	t.Parallel()
	takes := func(context.Context, int) error { time.Sleep(second); return nil }
	synctest.Test(t, func(t *testing.T) {
		d := keep(takes)
		must(t, runFor(t, 3500*time.Millisecond, d, background.Continuously()))
		d.want(t, 0, second, 2*second, 3*second)
		d = keep(takes)
		must(t, runFor(t, 8*second, d, background.Continuously(), background.Pause(2*second)))
		d.want(t, 0, 3*second, 6*second)
	})
}

func TestContinuouslyWaitsAfterAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(context.Context, int) error { return errBroken })
		must(t, runFor(t, 1200*time.Millisecond, d, background.Continuously(), background.Pause(time.Millisecond)))
		d.want(t, 0, second/2, second)
		d = keep(func(context.Context, int) error { return errBroken })
		must(t, runFor(t, 5*second, d, background.Continuously(), background.Pause(2*second)))
		d.want(t, 0, 2*second, 4*second)
	})
}

func TestOnceRunsOneTimeAndHasCompleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(context.Context, int) error { time.Sleep(second); return nil })
		app, _ := startJob(t, d, background.Once())
		synctest.Wait()
		if got := stateOf(app); got != hosted.StateRunning {
			t.Errorf("state %v", got)
		}
		time.Sleep(time.Hour)
		if got := stateOf(app); got != hosted.StateCompleted {
			t.Errorf("state %v", got)
		}
		must(t, app.Stop(t.Context()))
		d.want(t, 0)
	})
}

func TestAHostIsDoneWhenItsJobsAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(nil)
		app, err := lifetest.New(nil, hosted.Options{StopWhenDone: true},
			addWork(d, background.Every(time.Hour), background.StopAfter(3)))
		must(t, err)
		must(t, app.Start(t.Context()))
		begin := time.Now()
		must(t, app.WaitForShutdown(t.Context()))
		wantTook(t, begin, 3*time.Hour)
	})
}

func TestAHostIsDoneWhenOnlyEndlessJobsAreLeft(t *testing.T) {
	t.Parallel()
	for name, endless := range map[string]background.JobOption{
		"every": background.Every(time.Second), "cron": background.Cron("* * * * *", time.UTC), "continuously": background.Continuously(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				app, err := lifetest.New(nil, hosted.Options{StopWhenDone: true},
					addWork(keep(func(context.Context, int) error { time.Sleep(time.Second); return nil }), endless),
					background.Func("last", func(context.Context) error { time.Sleep(time.Hour); return nil }))
				must(t, err)
				must(t, app.Start(t.Context()))
				begin := time.Now()
				must(t, app.WaitForShutdown(t.Context()))
				if took := time.Since(begin); took < time.Hour || took > time.Hour+time.Second {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

func TestTheFailureOfTheLastRunIsAFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(context.Context, int) error { return errBroken })
		app, logs := startJob(t, d, background.Every(second), background.StopAfter(2))
		wantText(t, app.WaitForShutdown(t.Context()), `host: run service "it": broken`)
		d.want(t, second, 2*second)
		if failed, faulted := logs.FilterMessage("job run failed").Len(), logs.FilterMessage("service faulted").Len(); failed != 1 || faulted != 1 {
			t.Errorf("%d failures, %d faults logged", failed, faulted)
		}
	})
}

func TestAFaultMayBeIgnored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(context.Context, int) error { return errBroken })
		app, _ := startJob(t, d, background.Once(), background.Service(hosted.OnFault(hosted.Ignore)))
		time.Sleep(second)
		if got := stateOf(app); got != hosted.StateFaulted {
			t.Errorf("state %v", got)
		}
		must(t, app.Stop(t.Context()))
	})
}

func TestAtRunsAtTheTimesThatHaveNotPassed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		d := keep(nil)
		app, _ := startJob(t, d, background.At(now.Add(2*time.Hour), now.Add(-time.Hour), now.Add(30*second)))
		time.Sleep(3 * time.Hour)
		if got := stateOf(app); got != hosted.StateCompleted {
			t.Errorf("state %v", got)
		}
		must(t, app.Stop(t.Context()))
		d.want(t, 30*second, 2*time.Hour)
	})
}

func TestAJobWhoseTimesHaveAllPassedHasCompleted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(nil)
		app, _ := startJob(t, d, background.At(time.Now().Add(-time.Hour)))
		if got := stateOf(app); got != hosted.StateCompleted {
			t.Errorf("state %v", got)
		}
		must(t, app.Stop(t.Context()))
		d.want(t)
	})
}

func TestRunAtStartAndInitialDelay(t *testing.T) {
	t.Parallel()
	minute, hour := time.Minute, time.Hour
	synctest.Test(t, func(t *testing.T) {
		d := keep(nil)
		must(t, runFor(t, 2*hour, d, background.Every(hour), background.RunAtStart()))
		d.want(t, 0, hour, 2*hour)
		d = keep(nil)
		must(t, runFor(t, 2*hour, d, background.Every(hour), background.InitialDelay(minute)))
		d.want(t, hour+minute)
		d = keep(nil)
		must(t, runFor(t, 2*hour, d, background.Every(hour), background.InitialDelay(minute), background.RunAtStart()))
		d.want(t, minute, hour+minute)
		d = keep(nil)
		must(t, runFor(t, 2*hour, d, background.Once(), background.InitialDelay(minute)))
		d.want(t, minute)
	})
}

func TestJitterIsWithinBoundsAndDoesNotMoveTheSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(nil)
		must(t, runFor(t, time.Hour, d, background.Every(10*second), background.Jitter(4*second)))
		if n := len(d.runs); n < 359 {
			t.Fatalf("%d runs", n)
		}
		different := map[time.Duration]bool{}
		for i, at := range d.runs {
			late := at - time.Duration(i+1)*10*second
			if late < 0 || late >= 4*second {
				t.Errorf("run %d is %v late", i+1, late)
			}
			different[late] = true
		}
		if len(different) < 300 {
			t.Errorf("only %d different delays", len(different))
		}
	})
}

func TestRunTimeoutEndsTheContextOfTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(ctx context.Context, run int) error {
			switch run {
			case 1:
				return untilStopped(ctx)
			case 2:
				<-ctx.Done()
				return errBroken
			}
			return nil
		})
		app, logs := startJob(t, d, background.Every(10*second), background.RunTimeout(3*second))
		time.Sleep(35 * second)
		must(t, app.Stop(t.Context()))
		d.want(t, 10*second, 20*second, 30*second)
		var errs []string
		for _, entry := range logs.FilterMessage("job run failed").All() {
			errs = append(errs, entry.ContextMap()["error"].(string))
		}
		if got := strings.Join(errs, "; "); got != "3s run timeout reached; 3s run timeout reached: broken" {
			t.Error(got)
		}
	})
}

func TestRetryRepeatsARunThatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(_ context.Context, run int) error {
			if run < 6 {
				return errBroken
			}
			return nil
		})
		app, logs := startJob(t, d, background.Every(time.Minute), background.Retry(3, 5*second, 12*second))
		time.Sleep(3*time.Minute + second)
		must(t, app.Stop(t.Context()))
		minute := time.Minute
		d.want(t,
			minute, minute+5*second, minute+15*second, minute+27*second,
			2*minute, 2*minute+5*second,
			3*minute)
		if n := logs.FilterMessage("job run failed").Len(); n != 5 {
			t.Errorf("%d failures", n)
		}
	})
}

func TestRetriesOfTheLastRunComeBeforeTheFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(context.Context, int) error { return errBroken })
		app, _ := startJob(t, d, background.Once(), background.Retry(4, second, 3*second))
		wantText(t, app.WaitForShutdown(t.Context()), `host: run service "it": broken`)
		d.want(t, 0, second, 3*second, 6*second, 9*second)
	})
}

func TestWhatIsDueDuringRetriesIsMadeUpForByOneRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(_ context.Context, run int) error {
			if run < 3 {
				return errBroken
			}
			return nil
		})
		must(t, runFor(t, 6*second, d, background.Every(second), background.Retry(3, 1500*time.Millisecond, time.Hour)))
		// At 1s, retried at 2.5s and 5.5s; the runs of 2s to 5s are then taken.
		d.want(t, second, 2500*time.Millisecond, 5500*time.Millisecond, 6*second)
	})
}

// decider is a job with an opinion on its failures.
type decider struct {
	work
	decide func(ctx context.Context, err error) background.Decision
}

func (d *decider) OnException(ctx context.Context, err error) background.Decision {
	return d.decide(ctx, err)
}

func TestOnExceptionDecides(t *testing.T) {
	t.Parallel()
	exits := func() error { runtime.Goexit(); return nil }
	panics := func() error { panic("oops") }
	broken := func() error { return errBroken }
	for name, test := range map[string]struct {
		fail     func() error
		decision background.Decision
		runs     int
		logged   int
		fault    string
	}{
		"go on":              {broken, background.GoOn, 3, 3, ""},
		"skip":               {broken, background.Skip, 4, 0, ""},
		"skip a panic":       {panics, background.Skip, 4, 0, ""},
		"skip a Goexit":      {exits, background.Skip, 4, 0, ""},
		"give up":            {broken, background.GiveUp, 1, 0, `host: run service "it": broken`},
		"give up at a panic": {panics, background.GiveUp, 1, 0, `host: run service "it": panic: oops`},
		"give up at Goexit":  {exits, background.GiveUp, 1, 0, `host: run service "it": goroutine exited without returning (runtime.Goexit)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var asked []error
				d := keep(func(context.Context, int) error { return test.fail() })
				job := func() *decider {
					return &decider{work{d}, func(ctx context.Context, err error) background.Decision {
						if ctx.Err() != nil {
							t.Error("the context has ended")
						}
						asked = append(asked, err)
						return test.decision
					}}
				}
				app, logs := build(t, scopesAndJobs(),
					background.AddJob[*decider](job, background.Continuously(), background.Pause(300*time.Millisecond),
						background.InitialDelay(time.Millisecond), background.Name("it")))
				must(t, app.Start(t.Context()))
				time.Sleep(1100 * time.Millisecond)
				err := app.Stop(t.Context())
				if test.fault == "" {
					must(t, err)
				} else {
					wantText(t, err, test.fault)
				}
				if len(d.runs) != test.runs || len(asked) != test.runs {
					t.Errorf("%d runs, asked %d times, want %d", len(d.runs), len(asked), test.runs)
				}
				if n := logs.FilterMessage("job run failed").Len(); n != test.logged {
					t.Errorf("%d failures logged, want %d", n, test.logged)
				}
			})
		})
	}
}

func TestOnExceptionThatPanicsGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(context.Context, int) error { return errBroken })
		app, logs := build(t, scopesAndJobs(), background.AddJob[*decider](func() *decider {
			return &decider{work{d}, func(context.Context, error) background.Decision { panic("oops") }}
		}, background.Every(second)))
		must(t, app.Start(t.Context()))
		time.Sleep(2500 * time.Millisecond)
		must(t, app.Stop(t.Context()))
		if got := logs.FilterMessage("job run failed").All()[1].ContextMap()["error"]; got != "broken; panic: oops" && got != "broken\npanic: oops" {
			t.Errorf("error %q", got)
		}
	})
}

func TestOnExceptionIsAskedWithALivingContextAfterARunTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(ctx context.Context, _ int) error { return untilStopped(ctx) })
		var asked []error
		app, _ := build(t, scopesAndJobs(), background.AddJob[*decider](func() *decider {
			return &decider{work{d}, func(ctx context.Context, err error) background.Decision {
				asked = append(asked, ctx.Err(), err)
				return background.Skip
			}}
		}, background.Every(time.Minute), background.RunTimeout(second)))
		must(t, app.Start(t.Context()))
		time.Sleep(2*time.Minute + second/2) // the second run is stopped
		must(t, app.Stop(t.Context()))
		var limit *hosted.TimeoutError
		if len(asked) != 2 || asked[0] != nil || !errors.As(asked[1], &limit) || limit.Name != "run" {
			t.Errorf("asked %v", asked)
		}
	})
}

func TestAJobThatGaveUpMayBeRestarted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(nil)
		d.run = func(context.Context) error {
			d.runs = append(d.runs, time.Since(d.begin))
			return errBroken
		}
		policy := hosted.RestartPolicy{MinBackoff: second, Jitter: 1e-9, Limit: 2}
		app, _ := startJob(t, d, background.Once(), background.InitialDelay(second), background.Service(hosted.OnFault(hosted.Restart(policy))))
		wantText(t, app.WaitForShutdown(t.Context()), `host: run service "it": gave up after 2 restarts within 5m0s: broken`)
		for i := range d.runs {
			d.runs[i] = d.runs[i].Round(time.Millisecond) // the jitter is less
		}
		d.want(t, second, 3*second, 6*second)
	})
}

func TestJobsMayBeAGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(_ context.Context, run int) error {
			if run == 1 {
				return errBroken
			}
			return nil
		})
		app, _ := build(t, scopesAndJobs(), hosted.Group("group", hosted.OneForAll, hosted.RestartPolicy{MinBackoff: second, Jitter: 1e-9},
			background.AddJob[*work](func() *work { return &work{d} }, background.Once(), background.InitialDelay(second), background.Name("it")),
			background.Func("loop", untilStopped),
		))
		must(t, app.Start(t.Context()))
		time.Sleep(time.Minute)
		if status, _ := app.Services().Get("loop"); status.Starts != 2 {
			t.Errorf("started %d times", status.Starts)
		}
		must(t, app.Stop(t.Context()))
		if len(d.runs) != 2 {
			t.Errorf("runs %v", d.runs)
		}
	})
}
