package background_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/goroutines"
	"github.com/fxhost/fxhost/internal/lifetest"
)

// startJobs starts a host with a job called "it", and returns what steers it.
func startJobs(t *testing.T, d *diary, options ...background.JobOption) (*lifetest.Application, *background.Jobs) {
	t.Helper()
	var jobs *background.Jobs
	app, _ := build(t, addWork(d, options...), fx.Populate(&jobs))
	must(t, app.Start(t.Context()))
	return app, jobs
}

func TestJobsShowWhatIsKnownOfAJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(_ context.Context, run int) error {
			time.Sleep(time.Duration(run) * second)
			if run == 2 {
				return errBroken
			}
			return nil
		})
		begin := time.Now()
		app, jobs := startJobs(t, d, background.Every(time.Minute))
		for _, want := range []struct {
			after  time.Duration
			status background.JobStatus
		}{
			{0, background.JobStatus{Next: begin.Add(time.Minute)}},
			{time.Minute + second/2, background.JobStatus{Running: true, Began: begin.Add(time.Minute), Runs: 1}},
			{90 * second, background.JobStatus{
				Next: begin.Add(2 * time.Minute), Began: begin.Add(time.Minute), Took: second, Runs: 1, TotalTook: second,
			}},
			{150 * second, background.JobStatus{
				Next: begin.Add(3 * time.Minute), Began: begin.Add(2 * time.Minute), Took: 2 * second,
				LastError: errBroken, Runs: 2, Failures: 1, TotalTook: 3 * second,
			}},
		} {
			time.Sleep(time.Until(begin.Add(want.after)))
			got, ok := jobs.Get("it")
			want.status.Name, want.status.Trigger = "it", "every 1m0s"
			got.Next, got.Began, want.status.Next, want.status.Began =
				got.Next.Round(0), got.Began.Round(0), want.status.Next.Round(0), want.status.Began.Round(0)
			if errors.Is(got.LastError, want.status.LastError) {
				got.LastError = want.status.LastError
			}
			if !ok || got != want.status {
				t.Errorf("after %v:\ngot  %+v\nwant %+v", want.after, got, want.status)
			}
		}
		if list := jobs.List(); len(list) != 1 || list[0].Name != "it" {
			t.Errorf("list %v", list)
		}
		must(t, app.Stop(t.Context()))
	})
}

func TestAJobStatusIsJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	text, err := json.Marshal(background.JobStatus{Name: "it", Trigger: "once", Began: at, Took: second, LastError: errBroken, Runs: 1, Failures: 1})
	must(t, err)
	const want = `{"name":"it","trigger":"once","running":false,"paused":false,"began":"2026-01-02T03:04:05Z",` +
		`"took":1000000000,"runs":1,"failures":1,"totalTook":0,"lastError":"broken"}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestRunNowDoesNotMoveTheSchedule(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(context.Context, int) error { time.Sleep(second); return nil })
		app, jobs := startJobs(t, d, background.Every(10*second))
		time.Sleep(3 * second)
		must(t, jobs.RunNow("it"))
		time.Sleep(second / 2)
		must(t, jobs.RunNow("it")) // it runs: once more when it has
		must(t, jobs.RunNow("it"))
		time.Sleep(20 * second)
		must(t, app.Stop(t.Context()))
		d.want(t, 3*second, 4*second, 10*second, 20*second)
	})
}

func TestRunNowTakesWhatWasDueMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(context.Context, int) error { time.Sleep(3 * second); return nil })
		app, jobs := startJobs(t, d, background.Every(10*second))
		time.Sleep(9 * second)
		must(t, jobs.RunNow("it"))
		time.Sleep(20 * second)
		must(t, app.Stop(t.Context()))
		d.want(t, 9*second, 12*second, 20*second)
	})
}

func TestRunNowCutsTheWaitForARetryShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(_ context.Context, run int) error {
			if run == 1 {
				return errBroken
			}
			return nil
		})
		app, jobs := startJobs(t, d, background.Every(time.Hour), background.RunAtStart(), background.Retry(1, time.Minute, time.Minute))
		time.Sleep(second)
		must(t, jobs.RunNow("it"))
		time.Sleep(10 * time.Minute)
		must(t, app.Stop(t.Context()))
		d.want(t, 0, second)
	})
}

func TestAPausedJobDoesNotRunUntilItIsResumed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(nil)
		app, jobs := startJobs(t, d, background.Every(10*second))
		time.Sleep(15 * second)
		since := time.Now()
		must(t, jobs.Pause("it", "ada"))
		time.Sleep(20 * second)
		must(t, jobs.Pause("it", "charles")) // who is late
		if status, _ := jobs.Get("it"); !status.Paused || !status.Next.IsZero() || status.PausedBy != "ada" || !status.PausedSince.Equal(since) {
			t.Errorf("%+v", status)
		}
		must(t, jobs.RunNow("it"))
		time.Sleep(20 * second)
		must(t, jobs.Resume("it")) // at 55 s: nothing is made up for
		must(t, jobs.Resume("it"))
		if status, _ := jobs.Get("it"); status.Paused || status.PausedBy != "" || !status.PausedSince.IsZero() {
			t.Errorf("%+v", status)
		}
		time.Sleep(20 * second)
		must(t, app.Stop(t.Context()))
		d.want(t, 10*second, 35*second, 60*second, 70*second)
	})
}

func TestAJobMayBePausedBeforeTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(nil)
		var jobs *background.Jobs
		app, _ := build(t, addWork(d, background.Once()), fx.Populate(&jobs))
		must(t, jobs.Pause("it", "ada"))
		must(t, app.Start(t.Context()))
		time.Sleep(time.Minute)
		must(t, jobs.Resume("it")) // nothing is due later: it runs
		time.Sleep(second)
		must(t, app.Stop(t.Context()))
		d.want(t, time.Minute)
	})
}

func TestAPauseDoesNotTouchTheRunThatGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(ctx context.Context, _ int) error { time.Sleep(5 * second); return ctx.Err() })
		app, jobs := startJobs(t, d, background.Continuously())
		time.Sleep(second)
		must(t, jobs.Pause("it", "ada"))
		time.Sleep(time.Minute)
		if status, _ := jobs.Get("it"); status.Running || status.LastError != nil {
			t.Errorf("%+v", status)
		}
		must(t, app.Stop(t.Context()))
		d.want(t, 0)
	})
}

func TestJobsThatDoNotRunSaySo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var jobs *background.Jobs
		app, _ := build(t, addWork(keep(nil), background.Once()), fx.Populate(&jobs))
		for _, steer := range []func(string) error{jobs.RunNow, func(name string) error { return jobs.Pause(name, "ada") }, jobs.Resume} {
			err := steer("that")
			wantText(t, err, `background: unknown job: "that"`)
			if !errors.Is(err, background.ErrUnknownJob) {
				t.Errorf("error %v", err)
			}
		}
		if _, ok := jobs.Get("that"); ok {
			t.Error("there is one")
		}
		const notStarted = `background: job is not started: "it"`
		wantText(t, jobs.RunNow("it"), notStarted)
		must(t, app.Start(t.Context()))
		time.Sleep(second)
		wantText(t, jobs.RunNow("it"), notStarted)
		must(t, app.Stop(t.Context()))
		wantText(t, jobs.RunNow("it"), notStarted)
	})
}

// TestJobsMayBeSteeredFromAnywhere is for the race detector.
func TestJobsMayBeSteeredFromAnywhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, jobs := startJobs(t, keep(nil), background.Every(time.Millisecond))
		for range 8 {
			go func() {
				for range 200 {
					_ = errors.Join(jobs.Pause("it", "ada"), jobs.RunNow("it"), jobs.Resume("it"))
					jobs.List()
					time.Sleep(time.Millisecond)
				}
			}()
		}
		time.Sleep(150 * time.Millisecond)
		must(t, app.Stop(t.Context()))
		time.Sleep(time.Second)
		if status, _ := app.Services().Get("it"); status.State != hosted.StateStopped {
			t.Errorf("state %v", status.State)
		}
	})
}

// The goroutine of a run carries the name of the job, so that its stack is found.
func TestARunIsFoundByTheNameOfItsJob(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		d := keep(func(context.Context, int) error {
			<-release
			return nil
		})
		app, _ := startJobs(t, d, background.Every(second), background.Name("a-job-with-a-name"))
		time.Sleep(second)
		synctest.Wait()
		if stacks := goroutines.Stacks("a-job-with-a-name"); !strings.Contains(stacks, "TestARunIsFoundByTheNameOfItsJob") {
			t.Errorf("stacks:\n%s", stacks)
		}
		close(release)
		must(t, app.Stop(t.Context()))
	})
}
