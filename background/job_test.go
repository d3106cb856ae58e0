package background_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/lifetest"
)

// work is a job whose runs do what the function of its diary says.
type work struct{ diary *diary }

func (w *work) Run(ctx context.Context) error { return w.diary.run(ctx) }

// diary has the times of the runs.
type diary struct {
	begin time.Time
	runs  []time.Duration // when they began
	run   func(ctx context.Context) error
}

// keep returns a diary whose runs do what then says, nil for nothing.
func keep(then func(ctx context.Context, run int) error) *diary {
	d := &diary{begin: time.Now()}
	d.run = func(ctx context.Context) error {
		d.runs = append(d.runs, time.Since(d.begin))
		if then == nil {
			return nil
		}
		return then(ctx, len(d.runs))
	}
	return d
}

func (d *diary) want(t *testing.T, want ...time.Duration) {
	t.Helper()
	if fmt.Sprint(d.runs) != fmt.Sprint(want) {
		t.Errorf("runs began at %v, want %v", d.runs, want)
	}
}

func scopesAndJobs() fx.Option { return fx.Options(scope.Module(), background.Module()) }

// addWork adds a job called "it".
func addWork(d *diary, options ...background.JobOption) fx.Option { // the last Name counts
	return fx.Options(
		scopesAndJobs(),
		background.AddJob[*work](func() *work { return &work{d} }, append([]background.JobOption{background.Name("it")}, options...)...),
	)
}

// startJob starts a host with a job called "it".
func startJob(t *testing.T, d *diary, options ...background.JobOption) (*lifetest.Application, *observer.ObservedLogs) {
	t.Helper()
	app, logs := build(t, addWork(d, options...))
	must(t, app.Start(t.Context()))
	return app, logs
}

// runFor has a job run for a while, stops it and returns the error of that.
func runFor(t *testing.T, long time.Duration, d *diary, options ...background.JobOption) error {
	t.Helper()
	app, _ := startJob(t, d, options...)
	time.Sleep(long)
	synctest.Wait()
	return app.Stop(t.Context())
}

func TestADayOfEverySecondHasNoDrift(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(_ context.Context, run int) error {
			time.Sleep(time.Duration(run%7) * 100 * time.Millisecond)
			return nil
		})
		app, err := lifetest.New(nil, hosted.Options{}, addWork(d, background.Every(time.Second)))
		must(t, err)
		must(t, app.Start(t.Context()))
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		must(t, app.Stop(t.Context()))
		if len(d.runs) != 86_400 {
			t.Errorf("%d runs", len(d.runs))
		}
		for i, at := range d.runs {
			if want := time.Duration(i+1) * time.Second; at != want {
				t.Fatalf("run %d began at %v, want %v", i+1, at, want)
			}
		}
	})
}

func TestARunOfTwoAndAHalfPeriodsIsFollowedAtOnceByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(_ context.Context, run int) error {
			if run == 1 {
				time.Sleep(2500 * time.Millisecond)
			}
			return nil
		})
		must(t, runFor(t, 5*time.Second, d, background.Every(time.Second)))
		d.want(t, time.Second, 3500*time.Millisecond, 4*time.Second, 5*time.Second)
	})
}

func TestRunsNeverOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		going := 0
		d := keep(func(context.Context, int) error {
			if going++; going > 1 {
				t.Error("two at once")
			}
			time.Sleep(1700 * time.Millisecond)
			going--
			return nil
		})
		must(t, runFor(t, time.Minute, d, background.Every(time.Second), background.RunAtStart(), background.Jitter(time.Second)))
		if len(d.runs) < 30 {
			t.Errorf("%d runs", len(d.runs))
		}
	})
}

func TestEachRunHasAJobAndAScopeOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var story []string
		app, _ := build(t, scopesAndJobs(),
			scope.Provide(func() (*resource, func()) {
				story = append(story, "open")
				return &resource{}, func() { story = append(story, "close") }
			}),
			background.AddJob[*scopedWork](func(r *resource) *scopedWork {
				return &scopedWork{func() { story = append(story, "run") }}
			}, background.Every(time.Second)),
		)
		must(t, app.Start(t.Context()))
		time.Sleep(2500 * time.Millisecond)
		must(t, app.Stop(t.Context()))
		if got := strings.Join(story, " "); got != "open run close open run close" {
			t.Error(got)
		}
	})
}

type resource struct{}

type scopedWork struct{ run func() }

func (w *scopedWork) Run(context.Context) error { w.run(); return nil }

func TestAFailureIsLoggedAndTheNextRunComes(t *testing.T) {
	t.Parallel()
	exits := func(context.Context) error { runtime.Goexit(); return nil }
	for text, fail := range map[string]func(context.Context) error{
		"broken":      fails,
		"panic: oops": func(context.Context) error { panic("oops") },
		"goroutine exited without returning (runtime.Goexit)": exits,
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := keep(func(ctx context.Context, run int) error {
					if run == 1 {
						time.Sleep(100 * time.Millisecond)
						return fail(ctx)
					}
					return nil
				})
				app, logs := startJob(t, d, background.Every(time.Second))
				time.Sleep(1500 * time.Millisecond)
				if status, _ := app.Services().Get("it"); status.LastError == nil || status.State != hosted.StateRunning {
					t.Errorf("status %v, %v", status.State, status.LastError)
				}
				time.Sleep(time.Second)
				if status, _ := app.Services().Get("it"); status.LastError != nil {
					t.Errorf("last error %v", status.LastError)
				}
				must(t, app.Stop(t.Context()))
				d.want(t, time.Second, 2*time.Second)
				entries := logs.FilterMessage("job run failed").All()
				if len(entries) != 1 {
					t.Fatalf("%d records", len(entries))
				}
				fields := entries[0].ContextMap()
				if fields["service"] != "it" || fields["elapsed"] != 100*time.Millisecond || fields["error"] != text ||
					fields["delay"] != 900*time.Millisecond || entries[0].LoggerName != "fxhost.jobs" {
					t.Errorf("%s %v", entries[0].LoggerName, fields)
				}
				if _, has := fields["stack"]; has != strings.HasPrefix(text, "panic") {
					t.Errorf("stack: %v", has)
				}
			})
		})
	}
}

func TestAJobThatCannotBeMadeHasFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, logs := build(t, scopesAndJobs(),
			background.AddJob[*work](func() (*work, error) { return nil, errBroken }, background.Every(time.Second)))
		must(t, app.Start(t.Context()))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		must(t, app.Stop(t.Context()))
		if n := logs.FilterMessage("job run failed").Len(); n != 2 {
			t.Errorf("%d failures", n)
		}
	})
}

func TestAStopBetweenTwoRunsReturnsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(nil)
		app, _ := startJob(t, d, background.Every(time.Hour))
		time.Sleep(90 * time.Minute)
		begin := time.Now()
		must(t, app.Stop(t.Context()))
		wantTook(t, begin, 0)
		time.Sleep(24 * time.Hour)
		d.want(t, time.Hour)
	})
}

func TestAStopEndsTheContextOfTheRunAndWaitsForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(ctx context.Context, _ int) error {
			<-ctx.Done()
			time.Sleep(3 * time.Second)
			return ctx.Err()
		})
		app, logs := startJob(t, d, background.Every(time.Second))
		time.Sleep(5 * time.Second)
		begin := time.Now()
		must(t, app.Stop(t.Context()))
		wantTook(t, begin, 3*time.Second)
		if status, _ := app.Services().Get("it"); status.LastError != nil {
			t.Errorf("last error %v", status.LastError)
		}
		d.want(t, time.Second)
		if n := logs.FilterMessage("job run failed").Len(); n != 0 {
			t.Errorf("%d failures", n)
		}
	})
}

func TestAFailureAfterTheStopIsThatOfTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return errBroken
		})
		err := runFor(t, time.Second, d, background.Every(time.Second))
		wantText(t, err, `host: stop service "it": broken`)
	})
}

func TestARunThatIgnoresTheStopIsLeftBehindAndNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := keep(func(context.Context, int) error {
			time.Sleep(time.Hour)
			return nil
		})
		app, _ := startJob(t, d, background.Every(time.Second))
		time.Sleep(time.Second)
		synctest.Wait()
		begin := time.Now()
		err := app.Stop(t.Context())
		wantTook(t, begin, 30*time.Second)
		wantText(t, err, `host: stop service "it": 30s shutdown timeout reached: Run has not returned`)
		time.Sleep(2 * time.Hour)
		d.want(t, time.Second)
	})
}

func TestMistakesInAddJobAreErrorsOfTheBuild(t *testing.T) {
	t.Parallel()
	one := func() *work { return nil }
	hour := background.Every(time.Hour)
	for name, test := range map[string]struct {
		option fx.Option
		want   []string
	}{
		"no constructor": {background.AddJob[*work](nil, hour), []string{"constructor is nil, want a function that returns *background_test.work"}},
		"nil function":   {background.AddJob[*work]((func() *work)(nil), hour), []string{"constructor is a nil func() *background_test.work"}},
		"no function":    {background.AddJob[*work](5, hour), []string{"constructor is a int, want a function"}},
		"another type":   {background.AddJob[*work](func() *scopedWork { return nil }, hour), []string{"does not return one value that is a *background_test.work"}},
		"zero interval":  {background.AddJob[*work](one, background.Every(0)), []string{"background.Every: 0s: must be more than zero"}},
		"no trigger":     {background.AddJob[*work](one), []string{"no trigger: add background.Every"}},
		"two triggers":   {background.AddJob[*work](one, hour, background.Once()), []string{`two triggers, "every 1h0m0s" and "once": want one`}},
		"nil option":     {background.AddJob[*work](one, hour, nil), []string{"option 2 is nil"}},
		"all at once": {
			background.AddJob[*work](one, hour, background.Jitter(-1), background.RunTimeout(0), background.StopAfter(0), background.Name(" "), background.Pause(1)),
			[]string{"Jitter: -1ns", "RunTimeout: 0s", "StopAfter: 0: want 1 or more", "empty name", "background.Pause is for background.Continuously"},
		},
		"retry":     {background.AddJob[*work](one, hour, background.Retry(1, time.Minute, time.Second)), []string{"background.Retry(1, 1m0s, 1s)"}},
		"no times":  {background.AddJob[*work](one, background.At()), []string{"background.At: no time"}},
		"zero time": {background.AddJob[*work](one, background.At(time.Now(), time.Time{})), []string{"background.At: time 2 is zero"}},
		"two of one name": {fx.Options(
			background.AddJob[*work](one, hour, background.Name("it")),
			background.AddJob[*scopedWork](func() *scopedWork { return nil }, hour, background.Name("it")),
		), []string{`service "it" is registered twice`}},
		"two of one type": {fx.Options(background.AddJob[*work](one, hour), background.AddJob[*work](one, hour)), []string{"already provided"}},
		"two scopes":      {background.AddJob[*work](func(*resource) *work { return nil }, hour), []string{"needs *background_test.resource, which nothing provides"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := lifetest.New(nil, hosted.Options{}, scopesAndJobs(), test.option)
			for _, want := range append(test.want, "job_test.go:") {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q", err, want)
				}
			}
		})
	}
}

func TestAJobSaysWhatItNeeds(t *testing.T) {
	t.Parallel()
	add := background.AddJob[*work](func() *work { return nil }, background.Every(time.Hour))
	_, err := lifetest.New(nil, hosted.Options{}, scope.Module(), add)
	if err == nil || !strings.Contains(err.Error(), "add background.Module() to the options of fx.New") {
		t.Errorf("error %v", err)
	}
	_, err = lifetest.New(nil, hosted.Options{}, background.Module(), add)
	if err == nil || !strings.Contains(err.Error(), "add scope.Module() to the options of fx.New") {
		t.Errorf("error %v", err)
	}
}

func TestAJobIsStoppedNowTwiceLateAndWhileStarting(t *testing.T) {
	t.Parallel()
	t.Run("now and twice", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			app, _ := startJob(t, keep(nil), background.Once())
			begin := time.Now()
			must(t, app.Stop(t.Context()))
			must(t, app.Stop(t.Context()))
			wantTook(t, begin, 0)
		})
	})
	t.Run("while starting", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := keep(func(ctx context.Context, _ int) error { return untilStopped(ctx) })
			slow := &eager{job: job{execute: untilStopped}, takes: time.Minute}
			app, _ := build(t, addWork(d, background.Continuously()), hosted.AddInstance(slow))
			time.AfterFunc(30*time.Second, func() { app.Lifetime().StopApplication(nil) })
			if err := app.Start(t.Context()); !errors.Is(err, hosted.ErrStopped) {
				t.Errorf("error %v", err)
			}
			d.want(t, 0)
		})
	})
}
