package hosted_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/hosted"
)

// Rule 9, BG-7, BG-15: logged once with the service's name; the host stops and
// returns the fault.
func TestFaultStopsTheHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		w, option := a.worker("w")
		a.build(t, a.plain("a", nil), option)
		a.start(t)

		w.end(errBroken)
		<-a.Lifetime().StopRequested()

		wantText(t, a.Lifetime().Cause(), `host: run service "w": broken`)
		wantState(t, a, "w", hosted.StateFaulted)
		err := a.Stop(t.Context())
		wantText(t, err, `host: run service "w": broken`)
		wantIs(t, err, errBroken)
		var failed *hosted.ServiceError
		if !errors.As(err, &failed) || failed.Service != "w" || failed.Phase != "run" {
			t.Errorf("error %#v", failed)
		}
		a.want(t, "a start, w start, w stop, a stop")
		wantState(t, a, "w", hosted.StateFaulted)
		if got := a.logged("service faulted"); len(got) != 1 || got[0]["service"] != "w" || got[0]["policy"] != "stop host" || got[0]["error"] != "broken" {
			t.Errorf("service faulted: %v", got)
		}
	})
}

// Rule 9, BG-16: the policy is the service's own.
func TestIgnoredFaultIsRecorded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		w, option := a.worker("w", hosted.OnFault(hosted.Ignore))
		a.build(t, option)
		a.start(t)

		w.end(errBroken)
		time.Sleep(time.Hour)

		if a.Lifetime().Cause() != nil {
			t.Error("the host stops")
		}
		status, _ := a.Services().Get("w")
		if status.State != hosted.StateFaulted || !errors.Is(status.LastError, errBroken) {
			t.Errorf("status %+v", status)
		}
		if got := a.logged("service faulted"); len(got) != 1 || got[0]["policy"] != "ignore" {
			t.Errorf("service faulted: %v", got)
		}
		a.stop(t)
	})
}

// Rule 9: several faults and an error of the stop, in the order they happened.
func TestFaultsAndErrorsOfTheStopAreJoined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		first, one := a.worker("first")
		second, two := a.worker("second")
		a.build(t, a.plain("a", steps{"stop": fails}), one, two)
		a.start(t)

		second.end(errors.New("no disk"))
		synctest.Wait()
		first.end(errors.New("no net"))
		synctest.Wait()

		wantText(t, a.Stop(t.Context()),
			`host: run service "second": no disk`,
			`host: run service "first": no net`,
			`host: stop service "a": broken`)
	})
}

// A failure given to StopApplication comes before the faults that follow.
func TestCauseComesBeforeTheFaultsThatFollow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		w, option := a.worker("w")
		a.build(t, option)
		a.start(t)

		a.Lifetime().StopApplication(errors.New("no licence"))
		w.end(errBroken)
		synctest.Wait()

		wantText(t, a.Stop(t.Context()), "no licence", `host: run service "w": broken`)
	})
}

// Rule 9, ST-21, ST-22: a fault while other services are still starting.
func TestFaultDuringTheStartEndsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		w, option := a.worker("w")
		a.build(t, option, a.plain("b", steps{"start": waits}), a.plain("c", nil))
		time.AfterFunc(time.Second, func() { w.end(errBroken) })

		begin := time.Now()
		err := a.Start(t.Context())

		wantTook(t, begin, time.Second)
		wantText(t, err, `host: run service "w": broken`)
		a.want(t, "w start, b start, b stop, w stop")
	})
}

// BG-17: a fault while others stop, before its own StopAsync.
func TestFaultDuringTheStopIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		w, option := a.worker("w")
		a.build(t, option, a.plain("b", steps{"stop": takes(2 * time.Second)}))
		a.start(t)
		time.AfterFunc(time.Second, func() { w.end(errBroken) })

		wantText(t, a.Stop(t.Context()), `host: run service "w": broken`)
	})
}

// Rule 9: a fault just before StopAsync, which nobody has noticed yet, is not
// lost.
func TestFaultRightBeforeItsStopIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 200 {
			a := newApplication(hosted.Options{})
			w, option := a.worker("w")
			a.build(t, option)
			a.start(t)

			w.end(errBroken)
			wantText(t, a.Stop(t.Context()), `host: run service "w": broken`)
		}
	})
}

// Rule 9, BG-8: what comes after its StopAsync is the service's to tell.
func TestEndAfterStopIsNoFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		service := &worker{plain: plain{name: "w", journal: a.journal}, done: make(chan struct{})}
		service.steps = steps{"stop": func(context.Context) error {
			service.end(context.Canceled)
			return nil
		}}
		a.build(t, hosted.AddInstance(service))
		a.start(t)

		a.stop(t)
		if got := a.logged("service faulted"); len(got) != 0 {
			t.Errorf("service faulted: %v", got)
		}
		wantState(t, a, "hosted_test.worker", hosted.StateStopped)
	})
}

// Rule 10, BG-12, RN-6.
func TestHostGoesOnWhenAllWorkHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		w, option := a.worker("w")
		a.build(t, option)
		a.start(t)

		w.end(nil)
		time.Sleep(time.Hour)

		if a.Lifetime().Cause() != nil {
			t.Error("the host stops")
		}
		wantState(t, a, "w", hosted.StateCompleted)
		a.stop(t)
		a.want(t, "w start, w stop")
		wantState(t, a, "w", hosted.StateCompleted)
	})
}

// Rule 10: one that was ignored counts as ended, and plain services do not
// count.
func TestStopWhenDoneStopsTheHostWhenEveryAwaiterHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{StopWhenDone: true})
		first, one := a.worker("first", hosted.OnFault(hosted.Ignore))
		second, two := a.worker("second")
		a.build(t, a.plain("a", nil), one, two)
		a.start(t)

		first.end(errBroken)
		time.Sleep(time.Hour)
		if a.Lifetime().Cause() != nil {
			t.Error("the host stops before all is done")
		}
		second.end(nil)
		<-a.Lifetime().StopRequested()
		wantText(t, a.Lifetime().Cause(), "all services are done")
		a.stop(t)
	})
}

// Rule 10: all work may be over before the start is.
func TestStopWhenDoneWaitsForTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{StopWhenDone: true})
		w, option := a.worker("w")
		a.build(t, option, a.plain("b", steps{"start": takes(2 * time.Second)}))
		time.AfterFunc(time.Second, func() { w.end(nil) })

		a.start(t)
		<-a.Lifetime().StopRequested()
		a.stop(t)
		a.want(t, "w start, b start, b stop, w stop")
	})
}

func TestStopWhenDoneWithoutAnyAwaiterGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{StopWhenDone: true})
		a.build(t, a.plain("a", nil))
		a.start(t)
		time.Sleep(time.Hour)
		if a.Lifetime().Cause() != nil {
			t.Error("the host stops")
		}
		a.stop(t)
	})
}

// strange is an Awaiter that breaks its contract.
type strange struct {
	plain
	done func() <-chan struct{}
	err  func() error
}

func (s *strange) Done() <-chan struct{} { return s.done() }
func (s *strange) Err() error            { return s.err() }

func ended() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// ST-22: nothing to await.
func TestAwaiterWithoutAChannelIsNotWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, hosted.AddInstance(&strange{
			plain: plain{journal: a.journal},
			done:  func() <-chan struct{} { return nil },
			err:   func() error { return errBroken },
		}))
		a.start(t)
		a.stop(t)
	})
}

// Rule 8: a panic of an Awaiter is a fault of its service.
func TestPanicOfAnAwaiterIsAFault(t *testing.T) {
	t.Parallel()
	for name, service := range map[string]strange{
		"Done": {done: func() <-chan struct{} { panic("oops") }, err: func() error { return nil }},
		"Err":  {done: ended, err: func() error { panic("oops") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{})
				service.plain = plain{name: "w", journal: a.journal}
				a.build(t, hosted.AddInstance(&service, hosted.Name("w")))

				err := a.Start(t.Context())
				if err == nil {
					<-a.Lifetime().StopRequested()
					err = a.Stop(t.Context())
				}

				if _, ok := errors.AsType[*hosted.PanicError](err); !ok {
					t.Errorf("error %v, want a PanicError", err)
				}
			})
		})
	}
}

// The host may be asked about itself from within its calls.
func TestAwaiterMayLookAtServices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		c := make(chan struct{})
		a.build(t, hosted.AddInstance(&strange{
			plain: plain{journal: a.journal},
			done: func() <-chan struct{} {
				a.Services().List()
				return c
			},
			err: func() error {
				a.Services().List()
				return nil
			},
		}))
		a.start(t)
		close(c)
		a.stop(t)
	})
}

// Rule 6: a whole stop is bounded, also when Err does not return.
func TestAwaiterThatHangsDoesNotHoldTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		hang := hangs(t)
		a.build(t, hosted.AddInstance(&strange{
			plain: plain{journal: a.journal},
			done:  ended,
			err:   func() error { return hang(context.Background()) },
		}))
		a.start(t)
		synctest.Wait()

		begin := time.Now()
		_ = a.Stop(t.Context())
		if took := time.Since(begin); took >= budget+time.Second {
			t.Errorf("took %v", took)
		}
	})
}
