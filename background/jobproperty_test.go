package background_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
)

// TestWhateverHappensToAJob has jobs of all kinds run, fail, hang and be steered at
// random. Runs never overlap, none begins after the stop, and that ends in time;
// the bubble sees to it that no goroutine is left.
func TestWhateverHappensToAJob(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { tryJob(t, rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

// TestSoakJobs is the same with other seeds, for SOAK.
func TestSoakJobs(t *testing.T) {
	t.Parallel()
	text := os.Getenv("SOAK")
	if text == "" {
		t.Skip("make soak runs it")
	}
	limit, err := time.ParseDuration(text)
	must(t, err)
	lives := 0
	for begin := time.Now(); time.Since(begin) < limit && !t.Failed(); lives++ {
		seed := rand.Uint64()
		synctest.Test(t, func(t *testing.T) { tryJob(t, rand.New(rand.NewPCG(seed, 0))) })
		if t.Failed() {
			t.Errorf("seed %d", seed)
		}
	}
	t.Logf("%d lives", lives)
}

func tryJob(t *testing.T, random *rand.Rand) {
	t.Helper()
	upTo := func(limit time.Duration) time.Duration { return time.Duration(random.Int64N(int64(limit))) + 1 }
	maybe := func(options ...background.JobOption) (some []background.JobOption) {
		for _, option := range options {
			if random.IntN(3) == 0 {
				some = append(some, option)
			}
		}
		return some
	}
	section := func() map[string]any {
		return map[string]any{"Interval": upTo(10 * second).String(), "Enabled": random.IntN(4) > 0}
	}
	s := newSettings(t, section())
	trigger := []background.JobOption{
		background.Every(upTo(5 * second)),
		background.Cron("*/7 * * * * *", time.UTC),
		background.Continuously(),
		background.Once(),
		background.At(time.Now().Add(upTo(time.Minute)), time.Now().Add(upTo(time.Minute))),
		background.FromSection("It"),
	}[random.IntN(6)]
	options := append(maybe(
		background.RunAtStart(), background.InitialDelay(upTo(10*second)), background.Jitter(upTo(3*second)),
		background.RunTimeout(upTo(4*second)), background.StopAfter(1+random.IntN(20)),
		background.Retry(1+random.IntN(4), upTo(second), 2*second),
		background.Service(hosted.StallTimeout(upTo(5*second))),
		background.Service(hosted.OnFault(hosted.Restart(hosted.RestartPolicy{
			MinBackoff: upTo(second), MaxBackoff: 5 * second, Limit: hosted.NoRestartLimit,
		}))),
	), trigger, background.Service(hosted.OnFault(hosted.Ignore)))

	var (
		going   atomic.Int32
		stopped atomic.Bool
		ofRuns  = rand.New(rand.NewPCG(random.Uint64(), 0)) // one after the other
	)
	d := keep(nil)
	d.run = func(ctx context.Context) error {
		if n := going.Add(1); n > 1 || stopped.Load() {
			t.Errorf("%d runs at once, stopped: %v", n, stopped.Load())
		}
		defer going.Add(-1)
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(ofRuns.Int64N(int64(3 * second)))):
		}
		switch ofRuns.IntN(6) {
		case 0:
			return errBroken
		case 1:
			panic("oops")
		case 2:
			runtime.Goexit()
		case 3:
			background.Beat(ctx)
		}
		return ctx.Err()
	}
	var jobs *background.Jobs
	app, _ := build(t, fx.Supply(s.manager), addWork(d, options...), fx.Populate(&jobs))
	must(t, app.Start(t.Context()))
	for range random.IntN(60) {
		time.Sleep(upTo(4 * second))
		synctest.Wait()
		switch random.IntN(5) {
		case 0:
			must(t, jobs.Pause("it", "ada"))
		case 1:
			must(t, jobs.Resume("it"))
		case 2:
			if err := jobs.RunNow("it"); err != nil && !errors.Is(err, background.ErrJobNotStarted) {
				t.Error(err)
			}
		case 3:
			must(t, s.set(section()))
		}
		synctest.Wait()
		status, _ := jobs.Get("it")
		if status.Running != (going.Load() == 1) || status.Failures > status.Runs || !status.Next.IsZero() && status.Paused {
			t.Errorf("%d going, %+v", going.Load(), status)
		}
	}
	begin := time.Now()
	_ = app.Stop(t.Context())
	wantTook(t, begin, 0)
	stopped.Store(true)
	time.Sleep(time.Hour)
}
