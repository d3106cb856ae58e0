package background_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/internal/observe"
)

func TestTheLastRunsOfAJobAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		d := keep(func(ctx context.Context, run int) error {
			switch run {
			case 21:
				return errBroken
			case 22:
				time.Sleep(second)
				return errors.New(strings.Repeat("ü", 700))
			case 24:
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		app, jobs := startJobs(t, d, background.Every(time.Minute), background.Retry(1, second, second))
		if runs, err := jobs.Runs("it"); err != nil || len(runs) != 0 {
			t.Errorf("%v, %v", runs, err)
		}
		time.Sleep(22*time.Minute - second/2) // 21 runs by the schedule, and the retry of the last
		must(t, jobs.RunNow("it"))
		time.Sleep(time.Minute)
		must(t, app.Stop(t.Context()))
		runs, err := jobs.Runs("it")
		must(t, err)
		if len(runs) != 20 || runs[19].Began.Sub(begin) != 5*time.Minute {
			t.Errorf("%d runs, the first at %v", len(runs), runs[len(runs)-1])
		}
		want := []background.JobRun{
			{Began: begin.Add(22 * time.Minute), Took: time.Minute - second/2, Cause: "schedule", Stopped: true},
			{Began: begin.Add(22*time.Minute - second/2), Cause: "run now"},
			{Began: begin.Add(21*time.Minute + second), Took: second, Cause: "retry", Error: strings.Repeat("ü", 500)},
			{Began: begin.Add(21 * time.Minute), Cause: "schedule", Error: "broken"},
			{Began: begin.Add(20 * time.Minute), Cause: "schedule"},
		}
		for i, w := range want {
			if fmt.Sprint(runs[i]) != fmt.Sprint(w) {
				t.Errorf("run %d:\n got  %v\n want %v", i, runs[i], w)
			}
		}
		_, err = jobs.Runs("that")
		wantText(t, err, `background: unknown job: "that"`)
	})
}

func TestAJobRunIsJSON(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(background.JobRun{Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Took: second, Cause: "retry", Error: "broken"})
	must(t, err)
	if want := `{"began":"2026-01-02T03:04:05Z","took":1000000000,"cause":"retry","error":"broken"}`; string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

// span is a key of what an observer puts into a context.
type span struct{}

func TestARunCanBeWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var seen []string
		note := func(format string, args ...any) {
			seen = append(seen, fmt.Sprintf("%v ", time.Since(begin))+fmt.Sprintf(format, args...))
		}
		observer := &observe.Observer{Run: func(ctx context.Context, r observe.Run) (context.Context, func(observe.RunEnd)) {
			note("%s by %s, %s %d, due %v", r.Job, r.Trigger, r.Cause, r.Retry, r.Due.Sub(begin))
			return context.WithValue(ctx, span{}, len(seen)), func(end observe.RunEnd) {
				note("ended after %v: %v, stopped %v", end.Took, end.Err, end.Stopped)
			}
		}}
		panics := &observe.Observer{Run: func(context.Context, observe.Run) (context.Context, func(observe.RunEnd)) { panic("oops") }}
		blind := &observe.Observer{}
		d := keep(func(ctx context.Context, run int) error {
			note("run in %v", ctx.Value(span{}))
			time.Sleep(second)
			switch run {
			case 1:
				return errBroken
			case 3:
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		provide := func(o *observe.Observer) fx.Option { return observe.Provide(func() *observe.Observer { return o }) }
		app, _ := build(t, provide(blind), provide(observer), provide(panics),
			addWork(d, background.Every(time.Minute), background.Retry(1, 10*second, time.Minute)))
		must(t, app.Start(t.Context()))
		time.Sleep(2*time.Minute + 30*second)
		must(t, app.Stop(t.Context()))
		want := []string{
			"1m0s it by every 1m0s, schedule 0, due 1m0s", "1m0s run in 1", "1m1s ended after 1s: broken, stopped false",
			"1m11s it by every 1m0s, retry 1, due 1m11s", "1m11s run in 4", "1m12s ended after 1s: <nil>, stopped false",
			"2m0s it by every 1m0s, schedule 0, due 2m0s", "2m0s run in 7", "2m30s ended after 30s: <nil>, stopped true",
		}
		if strings.Join(seen, "\n") != strings.Join(want, "\n") {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(seen, "\n"), strings.Join(want, "\n"))
		}
	})
}
