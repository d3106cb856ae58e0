package background_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/lifetest"
)

// hangHere is what the stack of a service that hangs has to name.
func hangHere(long time.Duration) { time.Sleep(long) }

// wantStall checks the record of a service that hangs.
func wantStall(t *testing.T, logs *observer.ObservedLogs, times int) {
	t.Helper()
	entries := logs.FilterMessage("service stalled").All()
	if len(entries) != times {
		t.Fatalf("%d records", len(entries))
	}
	for _, entry := range entries {
		fields := entry.ContextMap()
		if fields["service"] != t.Name() || fields["limit"] != 10*second || !strings.Contains(fields["stack"].(string), "hangHere") {
			t.Errorf("fields %v", fields)
		}
	}
}

func TestALoopThatDoesNotBeatHasStalled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		loop := &job{execute: func(ctx context.Context) error {
			for i := 1; ctx.Err() == nil; i++ {
				if i%6 == 0 {
					hangHere(20 * second)
					continue
				}
				time.Sleep(8 * second)
				background.Beat(ctx)
			}
			return nil
		}}
		app, logs := build(t, hosted.AddInstance(loop, hosted.StallTimeout(10*second), hosted.Name(t.Name())))
		must(t, app.Start(t.Context()))
		state := func() hosted.State {
			status, _ := app.Services().Get(t.Name())
			return status.State
		}
		time.Sleep(49 * second)
		if got := state(); got != hosted.StateRunning {
			t.Errorf("state %v", got)
		}
		time.Sleep(2 * second)
		if got := state(); got != hosted.StateStalled {
			t.Errorf("state %v", got)
		}
		wantStall(t, logs, 1)
		time.Sleep(20 * second)
		if got := state(); got != hosted.StateRunning {
			t.Errorf("state %v", got)
		}
		if n := logs.FilterMessage("service goes on").Len(); n != 1 {
			t.Errorf("goes on %d times", n)
		}
		time.Sleep(time.Minute)
		wantStall(t, logs, 2)
		must(t, app.Stop(t.Context()))
		time.Sleep(time.Minute)
		wantStall(t, logs, 2)
	})
}

func TestAStallIsAFaultIfThatIsWanted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		loop := &job{execute: func(context.Context) error { hangHere(11 * second); return nil }}
		app, logs := build(t, hosted.AddInstance(loop, hosted.StallTimeout(10*second), hosted.FaultOnStall(), hosted.Name(t.Name())))
		must(t, app.Start(t.Context()))
		begin := time.Now()
		err := app.WaitForShutdown(t.Context())
		wantTook(t, begin, 11*second)
		wantText(t, err, `host: run service "`+t.Name()+`": 10s stall timeout reached`)
		wantStall(t, logs, 1)
	})
}

func TestARunThatDoesNotBeatHasStalled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(ctx context.Context, run int) error {
			if run == 2 {
				hangHere(15 * second)
				return nil
			}
			time.Sleep(8 * second)
			background.Beat(ctx)
			time.Sleep(8 * second)
			return nil
		})
		app, logs := startJob(t, d, background.Every(time.Minute),
			background.Name(t.Name()), background.Service(hosted.StallTimeout(10*second)))
		state := func() hosted.State {
			status, _ := app.Services().Get(t.Name())
			return status.State
		}
		time.Sleep(2*time.Minute + 5*second)
		wantStall(t, logs, 0) // waiting for the next run is no stall
		time.Sleep(6 * second)
		if got := state(); got != hosted.StateStalled {
			t.Errorf("state %v", got)
		}
		time.Sleep(5 * second)
		if got := state(); got != hosted.StateRunning {
			t.Errorf("state %v", got)
		}
		time.Sleep(time.Minute)
		wantStall(t, logs, 1)
		must(t, app.Stop(t.Context()))
	})
}

func TestBeatWithoutALimitDoesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { background.Beat(t.Context()) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMistakesInStallOptionsAreErrorsOfTheBuild(t *testing.T) {
	t.Parallel()
	for want, options := range map[string][]hosted.ServiceOption{
		"hosted.StallTimeout: 0s: must be more than zero": {hosted.StallTimeout(0)},
		"hosted.FaultOnStall: add hosted.StallTimeout":    {hosted.FaultOnStall()},
	} {
		_, err := lifetest.New(nil, hosted.Options{}, hosted.AddInstance(&job{execute: untilStopped}, options...))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
