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

// flaky is a service whose work can be ended again and again.
type flaky struct {
	plain

	mu      sync.Mutex
	started int
	done    chan struct{}
	err     error
}

func (f *flaky) starts() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.started
}

func (f *flaky) StartAsync(ctx context.Context) error {
	f.mu.Lock()
	f.started++
	f.done, f.err = make(chan struct{}), nil
	f.mu.Unlock()
	return f.plain.StartAsync(ctx)
}

func (f *flaky) Done() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done
}

func (f *flaky) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *flaky) end(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
	close(f.done)
}

func (a *application) flaky(name string, steps steps, options ...hosted.ServiceOption) (*flaky, fx.Option) {
	service := &flaky{plain: plain{name: name, journal: a.journal, steps: steps}}
	return service, hosted.AddInstance(service, append(options, hosted.Name(name))...)
}

// exactly is a policy without chance.
var exactly = hosted.RestartPolicy{MinBackoff: time.Second, MaxBackoff: 10 * time.Second, Jitter: 1e-12, Limit: hosted.NoRestartLimit}

func TestAFaultRestartsTheService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		w, option := a.flaky("w", nil, hosted.OnFault(hosted.Restart(exactly)))
		a.build(t, a.plain("before", nil), option, a.plain("after", nil))
		a.start(t)
		a.take()

		begin := time.Now()
		w.end(errBroken)
		synctest.Wait()
		status, _ := a.Services().Get("w")
		if status.State != hosted.StateWaiting || status.RestartAt.Sub(begin).Round(time.Millisecond) != time.Second ||
			!errors.Is(status.LastError, errBroken) {
			t.Errorf("status %+v", status)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		a.want(t, "w stop, w start")
		status, _ = a.Services().Get("w")
		if status.State != hosted.StateRunning || status.Starts != 2 || status.Restarts != 1 || !status.RestartAt.IsZero() {
			t.Errorf("status %+v", status)
		}
		a.stop(t)
		a.want(t, "after stop, w stop, before stop")
		if len(a.logged("service faulted")) != 1 || len(a.logged("service waits to restart")) != 1 || len(a.logged("service restarted")) != 1 {
			t.Errorf("records %v", a.logs.All())
		}
	})
}

// The waits double up to the longest one, and begin again after a good time.
func TestTheWaitsOfARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		w, option := a.flaky("w", nil, hosted.OnFault(hosted.Restart(exactly)))
		a.build(t, option)
		a.start(t)
		fault := func(want time.Duration) {
			begin := time.Now()
			starts := w.starts()
			w.end(errBroken)
			for w.starts() == starts {
				time.Sleep(time.Millisecond)
			}
			if got := time.Since(begin).Round(10 * time.Millisecond); got != want {
				t.Errorf("waited %v, want %v", got, want)
			}
		}
		for _, want := range []time.Duration{1, 2, 4, 8, 10, 10} {
			fault(want * time.Second)
		}
		time.Sleep(9 * time.Second)
		fault(10 * time.Second)
		time.Sleep(10 * time.Second)
		fault(time.Second)
		a.stop(t)
	})
}

func TestJitterShortensTheWaitOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		waits := map[time.Duration]bool{}
		for range 50 {
			a := newApplication(hosted.Options{})
			w, option := a.flaky("w", nil, hosted.OnFault(hosted.Restart(hosted.RestartPolicy{MinBackoff: 10 * time.Second, Jitter: 0.5})))
			a.build(t, option)
			a.start(t)
			w.end(errBroken)
			synctest.Wait()
			wait := a.logged("service waits to restart")[0]["delay"].(time.Duration)
			if wait < 5*time.Second || wait > 10*time.Second {
				t.Errorf("wait %v", wait)
			}
			waits[wait] = true
			a.stop(t)
		}
		if len(waits) < 40 {
			t.Errorf("%d different waits of 50", len(waits))
		}
	})
}

// One restart too many within the window stops the host with the last error.
func TestTooManyRestartsStopTheHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		policy := exactly
		policy.Limit, policy.Window, policy.MaxBackoff = 3, time.Minute, time.Second
		w, option := a.flaky("w", nil, hosted.OnFault(hosted.Restart(policy)))
		a.build(t, option)
		a.start(t)
		for range 3 {
			w.end(errBroken)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		time.Sleep(time.Minute) // the window has moved on
		for i := range 4 {
			if a.Lifetime().Cause() != nil {
				t.Fatalf("the host stops after %d faults: %v", i, a.Lifetime().Cause())
			}
			w.end(errBroken)
			time.Sleep(time.Second)
			synctest.Wait()
		}
		wantText(t, a.Stop(t.Context()), `host: run service "w": gave up after 3 restarts within 1m0s: broken`)
		wantState(t, a, "w", hosted.StateFaulted)
	})
}

// A start that fails is a fault, and what it had begun is released.
func TestAFailedRestartIsAFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		starts := 0
		w, option := a.flaky("w", steps{"start": func(context.Context) error {
			if starts++; starts == 2 || starts == 3 {
				return errors.New("not yet")
			}
			return nil
		}}, hosted.OnFault(hosted.Restart(exactly)))
		a.build(t, option)
		a.start(t)
		a.take()

		w.end(errBroken)
		time.Sleep(time.Minute)
		synctest.Wait()
		a.want(t, "w stop, w start, w stop, w start, w stop, w start")
		wantState(t, a, "w", hosted.StateRunning)
		a.stop(t)
	})
}

// A panic and a Goexit count as faults of background services; see there. Work
// that is done is not begun again.
func TestWorkThatIsDoneIsNotRestarted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{StopWhenDone: true})
		w, option := a.flaky("w", nil, hosted.OnFault(hosted.Restart(exactly)))
		a.build(t, option)
		a.start(t)

		w.end(errBroken) // this is not the end
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		if a.Lifetime().Cause() != nil {
			t.Error("the host stops while the service waits to restart")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		w.end(nil)
		<-a.Lifetime().StopRequested()
		a.stop(t)
		a.want(t, "w start, w stop, w start, w stop")
	})
}

// A stop ends the wait for a restart, and the restart itself, whatever it is at.
func TestAStopDuringARestart(t *testing.T) {
	t.Parallel()
	slow := takes(2 * time.Second)
	for name, test := range map[string]struct {
		after time.Duration
		steps steps
		want  string
		took  time.Duration
	}{
		"while it waits": {500 * time.Millisecond, nil, "w start, w stop", 0},
		"while it stops": {2 * time.Second, steps{"stop": slow}, "w start, w stop", time.Second},
		"while it starts": {2 * time.Second, steps{"start": func(ctx context.Context) error {
			select {
			case <-time.After(2 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}, "w start, w stop, w start, w stop", 0},
		"at once": {0, nil, "w start, w stop", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{})
				w, option := a.flaky("w", test.steps, hosted.OnFault(hosted.Restart(exactly)))
				a.build(t, option)
				a.start(t)
				w.end(errBroken)
				time.Sleep(test.after)

				begin := time.Now()
				a.stop(t)
				wantTook(t, begin, test.took)
				a.want(t, test.want)
				time.Sleep(time.Hour)
				a.want(t, "")
			})
		})
	}
}

// A restart that hangs is left behind, as a start or a stop is.
func TestARestartThatHangsDoesNotHoldTheStop(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"start", "stop"} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{})
				hang := hangs(t)
				calls := 0
				w, option := a.flaky("w", steps{phase: func(ctx context.Context) error {
					if calls++; calls == 2 || phase == "stop" {
						return hang(ctx)
					}
					return nil
				}}, hosted.OnFault(hosted.Restart(exactly)))
				a.build(t, a.plain("a", nil), option)
				a.start(t)
				w.end(errBroken)
				time.Sleep(2 * time.Second)

				begin := time.Now()
				_ = a.Stop(t.Context())
				if took := time.Since(begin); took >= budget+time.Second {
					t.Errorf("the stop took %v", took)
				}
				wantState(t, a, "a", hosted.StateStopped)
				time.Sleep(time.Hour) // the limit of the restart itself
				wantState(t, a, "w", hosted.StateLeftBehind)
			})
		})
	}
}

func TestGroupsRestartWhatTheirStrategySays(t *testing.T) {
	t.Parallel()
	for strategy, want := range map[hosted.Strategy]string{
		hosted.OneForOne:  "b stop, b start",
		hosted.OneForAll:  "c stop, b stop, a stop, a start, b start, c start",
		hosted.RestForOne: "c stop, b stop, b start, c start",
	} {
		t.Run(strategy.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				x := newApplication(hosted.Options{})
				_, a := x.flaky("a", nil)
				second, b := x.flaky("b", nil)
				_, c := x.flaky("c", nil)
				x.build(t, hosted.Group("pipeline", strategy, exactly, a, b, c), x.plain("outside", nil))
				x.start(t)
				x.take()

				second.end(errBroken)
				time.Sleep(time.Second)
				synctest.Wait()
				x.want(t, want)
				x.stop(t)
				x.want(t, "outside stop, c stop, b stop, a stop")
			})
		})
	}
}

// What the stop of a restart does to the work of the others is no fault of theirs: it
// neither counts nor leads to another restart.
func TestARestartIsNoFaultOfThoseItStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := newApplication(hosted.Options{})
		var first *flaky
		first, a := x.flaky("a", nil)
		var once sync.Once
		second, b := x.flaky("b", steps{"stop": func(context.Context) error {
			once.Do(func() { first.end(errBroken) }) // it needs b
			time.Sleep(time.Second)
			return nil
		}})
		policy := exactly
		policy.Limit = 1
		x.build(t, hosted.Group("pipeline", hosted.OneForAll, policy, a, b))
		x.start(t)
		x.take()

		second.end(errBroken)
		time.Sleep(time.Hour)
		x.want(t, "b stop, a stop, a start, b start")
		if cause := x.Lifetime().Cause(); cause != nil {
			t.Errorf("stopped: %v", cause)
		}
		wantState(t, x, "a", hosted.StateRunning)
		x.stop(t)
	})
}

// Faults that come together are restarted together, and the limit is one for all.
func TestAGroupCountsTheRestartsOfAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := newApplication(hosted.Options{})
		first, a := x.flaky("a", nil)
		second, b := x.flaky("b", nil)
		policy := exactly
		policy.Limit = 2
		x.build(t, hosted.Group("pipeline", hosted.OneForOne, policy, a, b))
		x.start(t)
		x.take()

		first.end(errBroken)
		second.end(errBroken)
		time.Sleep(time.Second)
		synctest.Wait()
		x.want(t, "b stop, a stop, a start, b start")
		second.end(errBroken)
		time.Sleep(time.Minute)
		synctest.Wait()
		first.end(errors.New("again"))
		synctest.Wait()
		wantText(t, x.Stop(t.Context()), `host: run service "a": gave up after 2 restarts within 5m0s: again`)
	})
}

func TestMistakesInAPolicyFailTheBuild(t *testing.T) {
	t.Parallel()
	_, service := newApplication(hosted.Options{}).flaky("w", nil)
	_, own := newApplication(hosted.Options{}).flaky("own", nil, hosted.OnFault(hosted.Ignore))
	for want, option := range map[string]fx.Option{
		"RestartPolicy.MinBackoff: -1s: must not be less than zero": hosted.AddInstance(&simple{},
			hosted.OnFault(hosted.Restart(hosted.RestartPolicy{MinBackoff: -time.Second}))),
		"RestartPolicy.MaxBackoff: 1s: is less than MinBackoff 2s": hosted.AddInstance(&simple{},
			hosted.OnFault(hosted.Restart(hosted.RestartPolicy{MinBackoff: 2 * time.Second, MaxBackoff: time.Second}))),
		"RestartPolicy.Jitter: 2: must be from 0 to 1": hosted.Group("g", hosted.OneForAll, hosted.RestartPolicy{Jitter: 2}),
		"RestartPolicy.Limit: -1: must not be":         hosted.Group("g", hosted.OneForAll, hosted.RestartPolicy{Limit: -1}),
		"empty name":                                   hosted.Group(" ", hosted.OneForAll, hosted.RestartPolicy{}, service),
		"unknown strategy 9":                           hosted.Group("g", hosted.Strategy(9), hosted.RestartPolicy{}, service),
		`it is in group "g", which`:                    hosted.Group("g", hosted.OneForAll, hosted.RestartPolicy{}, own),
	} {
		err := fx.New(fx.NopLogger, hosted.Module(), option).Err()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
}

// A service that does not return cannot be restarted, and is not thought to run.
func TestARestartThatIsLeftBehindStopsTheHost(t *testing.T) {
	t.Parallel()
	for _, phase := range []string{"start", "stop"} {
		t.Run(phase, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{})
				hang := hangs(t)
				calls := 0
				w, option := a.flaky("w", steps{phase: func(ctx context.Context) error {
					if calls++; calls == 2 || phase == "stop" {
						return hang(ctx)
					}
					return nil
				}}, hosted.OnFault(hosted.Restart(exactly)), hosted.StartTimeout(time.Second), hosted.StopTimeout(time.Second))
				a.build(t, option)
				a.start(t)
				w.end(errBroken)
				<-a.Lifetime().StopRequested()

				wantText(t, a.Stop(t.Context()),
					`host: run service "w": cannot be restarted: its StartAsync or StopAsync has not returned`)
				if n := len(a.logged("service restarted")); n != 0 {
					t.Errorf("%d restarts", n)
				}
			})
		})
	}
}

// Nobody who was stopped for a restart is forgotten when somebody else fails to start.
func TestAFailedRestartForgetsNobody(t *testing.T) {
	t.Parallel()
	for _, strategy := range []hosted.Strategy{hosted.OneForOne, hosted.OneForAll, hosted.RestForOne} {
		t.Run(strategy.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				x := newApplication(hosted.Options{})
				starts := 0
				first, a := x.flaky("a", steps{"start": func(context.Context) error {
					if starts++; starts == 2 {
						return errBroken
					}
					return nil
				}})
				second, b := x.flaky("b", nil)
				x.build(t, hosted.Group("g", strategy, exactly, a, b))
				x.start(t)

				first.end(errBroken)
				second.end(errBroken)
				time.Sleep(time.Minute)
				synctest.Wait()
				wantState(t, x, "a", hosted.StateRunning)
				wantState(t, x, "b", hosted.StateRunning)
				x.stop(t)
			})
		})
	}
}

// The context of a start ends with the start, also in a restart.
func TestContextOfARestartEndsWithTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{StartupTimeout: 5 * time.Second})
		var contexts []context.Context
		w, option := a.flaky("w", steps{"start": func(ctx context.Context) error {
			if contexts = append(contexts, ctx); len(contexts) == 2 {
				return waits(ctx) // the startup timeout bounds it
			}
			return nil
		}}, hosted.OnFault(hosted.Restart(exactly)))
		a.build(t, option)
		a.start(t)
		w.end(errBroken)
		time.Sleep(time.Minute)
		synctest.Wait()
		wantState(t, a, "w", hosted.StateRunning)
		for i, ctx := range contexts {
			if ctx.Err() == nil {
				t.Errorf("the context of start %d goes on", i+1)
			}
		}
		a.stop(t)
	})
}

// A restart that hangs leaves the others their time in the stop, and is named.
func TestARestartThatHangsLeavesTheOthersTheirTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{ShutdownTimeout: 10 * time.Second})
		w, option := a.flaky("w", steps{"stop": hangs(t)}, hosted.OnFault(hosted.Restart(exactly)))
		a.build(t, option, a.plain("other", steps{"stop": takes(5 * time.Second)}))
		a.start(t)
		w.end(errBroken)
		time.Sleep(2 * time.Second)

		wantText(t, a.Stop(t.Context()), `host: run service "w": its restart has not returned, left behind`)
		wantState(t, a, "other", hosted.StateStopped)
	})
}

func TestGroupsCannotBeNested(t *testing.T) {
	t.Parallel()
	inner := hosted.Group("inner", hosted.OneForAll, hosted.RestartPolicy{}, hosted.AddInstance(&simple{}))
	err := fx.New(fx.NopLogger, hosted.Module(), hosted.Group("outer", hosted.OneForAll, hosted.RestartPolicy{}, inner)).Err()
	if err == nil || !strings.Contains(err.Error(), `hosted: group "inner" is within group "outer"`) {
		t.Errorf("error %v", err)
	}
}
