package hosted_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted"
)

// door is a service that learns of a drain.
type door struct{ full }

func (d *door) DrainingAsync(ctx context.Context) error { return d.call(ctx, "draining") }

func (a *application) door(name string, steps steps) fx.Option {
	return hosted.AddInstance(&door{full{plain{name: name, journal: a.journal, steps: steps}}}, hosted.Name(name))
}

var signal = hosted.StopReason("terminated signal received")

func TestDrainIsTheFirstPhaseOfAStopFromOutside(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{DrainDelay: 5 * time.Second})
		a.build(t, a.door("a", steps{"draining": waits}), a.plain("b", nil), a.door("c", nil))
		a.start(t)
		a.take()

		begin := time.Now()
		a.StopFromOutside(signal)
		time.AfterFunc(4*time.Second, func() {
			wantState(t, a, "b", hosted.StateRunning)
			wantSame(t, a.take(), "a draining", "c draining")
		})
		if err := a.WaitForShutdown(t.Context()); err != nil {
			t.Error(err)
		}
		wantTook(t, begin, 5*time.Second)
		a.want(t, "c stopping, a stopping, c stop, b stop, a stop, c stopped, a stopped")
		if got := a.logged("host draining"); len(got) != 1 || got[0]["delay"] != 5*time.Second {
			t.Errorf("host draining: %v", got)
		}
		if got := a.logged("host stopping"); got[0]["reason"] != string(signal) {
			t.Errorf("host stopping: %v", got)
		}
	})
}

// The shutdown timeout begins after the drain.
func TestDrainLeavesTheBudgetWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{DrainDelay: time.Minute, ShutdownTimeout: time.Second})
		a.build(t, a.plain("a", steps{"stop": hangs(t)}))
		a.start(t)

		begin := time.Now()
		a.StopFromOutside(signal)
		wantText(t, a.WaitForShutdown(t.Context()), `host: stop service "a": 1s shutdown timeout reached, left behind`)
		wantTook(t, begin, time.Minute+time.Second+wait)
	})
}

func TestWhoeverIsInAHurryEndsTheDrain(t *testing.T) {
	t.Parallel()
	for name, hurry := range map[string]func(*application, *worker){
		"a second request": func(a *application, _ *worker) { a.StopFromOutside(signal) },
		"StopApplication":  func(a *application, _ *worker) { a.Lifetime().StopApplication(nil) },
		"Stop":             func(a *application, _ *worker) { _ = a.Stop(context.Background()) },
		"a fault":          func(_ *application, w *worker) { w.end(errBroken) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{DrainDelay: time.Minute})
				w, option := a.worker("w")
				a.build(t, a.door("a", steps{"draining": waits}), option)
				a.start(t)

				begin := time.Now()
				a.StopFromOutside(signal)
				time.AfterFunc(time.Second, func() { hurry(a, w) })
				err := a.WaitForShutdown(t.Context())
				wantTook(t, begin, time.Second)
				if fault := name == "a fault"; errors.Is(err, errBroken) != fault || !fault && err != nil {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// A stop that the program itself asks for has nobody to wait for.
func TestOnlyAStopFromOutsideDrains(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*application){
		"StopApplication":                    func(a *application) { a.Lifetime().StopApplication(nil) },
		"Stop":                               func(a *application) { _ = a.Stop(context.Background()) },
		"StopApplication, then from outside": func(a *application) { a.Lifetime().StopApplication(nil); a.StopFromOutside(signal) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := newApplication(hosted.Options{DrainDelay: time.Minute})
				a.build(t, a.door("a", nil))
				a.start(t)
				a.take()

				begin := time.Now()
				stop(a)
				if err := a.WaitForShutdown(t.Context()); err != nil {
					t.Error(err)
				}
				wantTook(t, begin, 0)
				a.want(t, "a stopping, a stop, a stopped")
			})
		})
	}
}

func TestAStartThatIsCutShortDoesNotDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{DrainDelay: time.Minute})
		a.build(t, a.door("a", nil), a.plain("b", steps{"start": waits}))
		time.AfterFunc(time.Second, func() { a.StopFromOutside(signal) })

		begin := time.Now()
		wantIs(t, a.Start(t.Context()), hosted.ErrStopped)
		wantTook(t, begin, time.Second)
		a.want(t, "a starting, a start, b start, a stopping, b stop, a stop, a stopped")
	})
}

// A failure to drain is reported and keeps nobody from stopping.
func TestFailureOfADrainIsReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{DrainDelay: time.Second})
		a.build(t, a.door("a", steps{"draining": fails}), a.door("b", steps{"draining": hangs(t)}))
		a.start(t)

		begin := time.Now()
		a.StopFromOutside(signal)
		err := a.WaitForShutdown(t.Context())

		wantTook(t, begin, time.Second+wait)
		wantText(t, err,
			`host: draining service "a": broken`,
			`host: draining service "b": context deadline exceeded, left behind`)
	})
}

// A signal has fx stop the application, which drains within fx's StopTimeout.
func TestModuleDrainsWhenFxStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		app := foreign(t, a.door("a", nil), hosted.Module(hosted.Options{DrainDelay: 3 * time.Second}))
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := app.Stop(within(t, fx.DefaultTimeout)); err != nil {
			t.Error(err)
		}
		wantTook(t, begin, 3*time.Second)
	})
}

// Everybody learns of the drain when it begins, whatever they come after.
func TestDrainKnowsNoOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{DrainDelay: 10 * time.Second})
		begin := time.Now()
		front := &front{door{full{plain{name: "front", journal: a.journal, steps: steps{"draining": func(context.Context) error {
			wantTook(t, begin, 0)
			return nil
		}}}}}}
		a.build(t, hosted.AddInstance(front, hosted.After[*door]()), a.door("back", nil))
		a.start(t)
		a.StopFromOutside(signal)
		if err := a.WaitForShutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

type front struct{ door }
