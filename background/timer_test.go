package background_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/background"
)

// PT-7.
func TestFirstTickComesAfterOnePeriod(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		timer := background.NewPeriodicTimer(time.Minute)
		defer timer.Stop()
		if !timer.WaitForNextTick(t.Context()) {
			t.Error("no tick")
		}
		wantTook(t, begin, time.Minute)
	})
}

// PT-3: work between the ticks does not shift them.
func TestTicksDoNotDrift(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		timer := background.NewPeriodicTimer(time.Second)
		defer timer.Stop()
		for tick := 1; tick <= 1000; tick++ {
			timer.WaitForNextTick(t.Context())
			wantTook(t, begin, time.Duration(tick)*time.Second)
			time.Sleep(time.Duration(tick) * time.Millisecond * 9 / 10)
		}
	})
}

// PT-3.
func TestTicksThatNobodyWaitedForCoalesceIntoOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		timer := background.NewPeriodicTimer(time.Second)
		defer timer.Stop()
		time.Sleep(10*time.Second + 300*time.Millisecond)

		timer.WaitForNextTick(t.Context())
		wantTook(t, begin, 10*time.Second+300*time.Millisecond)
		timer.WaitForNextTick(t.Context())
		wantTook(t, begin, 11*time.Second)
	})
}

// PT-4 differs: each tick ends one of the waits.
func TestEachTickEndsOneWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		timer := background.NewPeriodicTimer(time.Second)
		defer timer.Stop()
		ends := make(chan time.Duration, 3)
		for range cap(ends) {
			go func() {
				timer.WaitForNextTick(t.Context())
				ends <- time.Since(begin)
			}()
		}
		for i := range cap(ends) {
			if got, want := <-ends, time.Duration(i+1)*time.Second; got != want {
				t.Errorf("a wait took %v, want %v", got, want)
			}
		}
	})
}

// PT-5.
func TestEndOfTheContextEndsTheWaitOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		timer := background.NewPeriodicTimer(time.Second)
		defer timer.Stop()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()

		for range 2 {
			if timer.WaitForNextTick(ctx) {
				t.Error("a tick after the end of the context")
			}
		}
		wantTook(t, begin, 300*time.Millisecond)
		if !timer.WaitForNextTick(t.Context()) {
			t.Error("no tick")
		}
		wantTook(t, begin, time.Second)
	})
}

// PT-5: an ended context wins over a tick that is there.
func TestThereIsNoTickForAnEndedContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		timer := background.NewPeriodicTimer(time.Second)
		defer timer.Stop()
		time.Sleep(time.Minute)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 50 {
			if timer.WaitForNextTick(ctx) {
				t.Fatal("a tick for an ended context")
			}
		}
		begin := time.Now()
		timer.WaitForNextTick(t.Context())
		wantTook(t, begin, 0) // the tick was not lost
	})
}

// PT-6.
func TestStopEndsPendingAndLaterWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		timer := background.NewPeriodicTimer(time.Hour)
		var waits sync.WaitGroup
		for range 3 {
			waits.Go(func() {
				if timer.WaitForNextTick(t.Context()) {
					t.Error("a tick")
				}
				wantTook(t, begin, time.Second)
			})
		}
		time.Sleep(time.Second)
		timer.Stop()
		timer.Stop() // again
		waits.Wait()
		if timer.WaitForNextTick(t.Context()) {
			t.Error("a tick after Stop")
		}
	})
}

// PT-6: also for a tick that was there before.
func TestThereIsNoTickAfterStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 50 {
			timer := background.NewPeriodicTimer(time.Second)
			time.Sleep(time.Minute)
			timer.Stop()
			if timer.WaitForNextTick(t.Context()) {
				t.Fatal("a tick after Stop")
			}
		}
	})
}

// PT-2.
func TestSetPeriodChangesAPendingWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		timer := background.NewPeriodicTimer(time.Hour)
		defer timer.Stop()
		var wait sync.WaitGroup
		wait.Go(func() {
			timer.WaitForNextTick(t.Context())
			wantTook(t, begin, 11*time.Second)
		})
		time.Sleep(10 * time.Second)
		timer.SetPeriod(time.Second)
		wait.Wait()

		timer.WaitForNextTick(t.Context())
		wantTook(t, begin, 12*time.Second)
		if got := timer.Period(); got != time.Second {
			t.Errorf("period %v", got)
		}
	})
}

// PT-2: after Stop it has no effect.
func TestSetPeriodDoesNotReviveAStoppedTimer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		timer := background.NewPeriodicTimer(time.Hour)
		timer.Stop()
		timer.SetPeriod(time.Second)
		time.Sleep(time.Minute)
		if timer.WaitForNextTick(t.Context()) || timer.Period() != time.Hour {
			t.Error("the timer was revived")
		}
	})
}

// PT-1, PT-2: an invalid value leaves the old one.
func TestPeriodThatIsNotMoreThanZeroPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		timer := background.NewPeriodicTimer(time.Second)
		defer timer.Stop()
		for _, period := range []time.Duration{0, -time.Second} {
			for name, set := range map[string]func(){
				"NewPeriodicTimer": func() { background.NewPeriodicTimer(period) },
				"SetPeriod":        func() { timer.SetPeriod(period) },
			} {
				if text := panicOf(set); text != "background: PeriodicTimer: period "+period.String()+": must be more than zero" {
					t.Errorf("%s(%v): panic %v", name, period, text)
				}
			}
		}
		if timer.Period() != time.Second || !timer.WaitForNextTick(t.Context()) {
			t.Error("the old period was lost")
		}
	})
}

func panicOf(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

func TestTimerMayBeUsedFromAnyGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		timer := background.NewPeriodicTimer(time.Millisecond)
		var uses sync.WaitGroup
		for i := range 4 {
			uses.Go(func() {
				for timer.WaitForNextTick(t.Context()) {
					timer.SetPeriod(timer.Period() + time.Duration(i))
				}
			})
		}
		time.Sleep(time.Second)
		timer.Stop()
		uses.Wait()
		synctest.Wait()
	})
}

func TestWaitDoesNotAllocate(t *testing.T) {
	timer := background.NewPeriodicTimer(50 * time.Microsecond)
	defer timer.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if n := testing.AllocsPerRun(200, func() { timer.WaitForNextTick(ctx) }); n != 0 {
		t.Errorf("%v allocations per wait", n)
	}
}
