package hosted_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/goroutines"
)

func TestStatusFollowsTheService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{
			"start": func(context.Context) error {
				wantState(t, a, "a", hosted.StateStarting)
				return nil
			},
			"stop": func(context.Context) error {
				wantState(t, a, "a", hosted.StateStopping)
				return nil
			},
		}))
		wantState(t, a, "a", hosted.StateRegistered)
		time.Sleep(time.Second)

		begin := time.Now()
		a.start(t)
		status, ok := a.Services().Get("a")
		if !ok || status.State != hosted.StateRunning || status.Starts != 1 || !status.Since.Equal(begin) ||
			status.LastError != nil || !strings.Contains(status.Place, "helpers_test.go:") {
			t.Errorf("status %+v", status)
		}
		a.stop(t)
		wantState(t, a, "a", hosted.StateStopped)
	})
}

func TestStatusOfAFailureKeepsItsError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		errOther := errors.New("cannot release")
		a.build(t, a.plain("a", steps{"start": fails, "stop": func(context.Context) error { return errOther }}))
		_ = a.Start(t.Context())

		status, _ := a.Services().Get("a")
		if status.State != hosted.StateFailed || !errors.Is(status.LastError, errBroken) {
			t.Errorf("status %+v, want failed with the error of the start", status)
		}
	})
}

func TestStatusHasHowLongTheStartAndTheStopTook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		wait := func(limit time.Duration) step {
			return func(context.Context) error { time.Sleep(limit); return nil }
		}
		a.build(t, a.plain("first", steps{"start": wait(time.Second)}),
			a.plain("a", steps{"start": wait(2 * time.Second), "stop": wait(3 * time.Second)}))
		if status, _ := a.Services().Get("a"); status.Start != (hosted.Took{}) || status.Stop != (hosted.Took{}) || status.Faults != 0 {
			t.Errorf("status %+v", status)
		}
		begin := time.Now()
		a.start(t)
		time.Sleep(time.Minute)
		stop := time.Now()
		a.stop(t)
		status, _ := a.Services().Get("a")
		if want := (hosted.Took{At: begin.Add(time.Second), Elapsed: 2 * time.Second}); status.Start != want {
			t.Errorf("start %v, want %v", status.Start, want)
		}
		if want := (hosted.Took{At: stop, Elapsed: 3 * time.Second}); status.Stop != want {
			t.Errorf("stop %v, want %v", status.Stop, want)
		}
	})
}

func TestStatusCountsFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		w, option := a.worker("w", hosted.OnFault(hosted.Ignore))
		a.build(t, option)
		a.start(t)
		w.end(errBroken)
		synctest.Wait()
		if status, _ := a.Services().Get("w"); status.Faults != 1 {
			t.Errorf("status %+v", status)
		}
		a.stop(t)
	})
}

func TestServicesAreListedInRegistrationOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("z", nil), a.hook("h", works, works), a.plain("a", nil))
		list := a.Services().List()
		if len(list) != 2 || list[0].Name != "z" || list[1].Name != "a" {
			t.Errorf("list %v", list)
		}
		if status, ok := a.Services().Get("h"); ok {
			t.Errorf("there is a service %v", status)
		}
	})
}

func TestStatesAreWordsInJSON(t *testing.T) {
	t.Parallel()
	var words []string
	for state := hosted.StateRegistered; state <= hosted.StateLeftBehind; state++ {
		text, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, string(text))
	}
	want := `"registered" "starting" "running" "completed" "faulted" "failed" "stopping" "stopped" "left behind"`
	if got := strings.Join(words, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestErrorsSayWhatWhoAndWhy(t *testing.T) {
	t.Parallel()
	limit := &hosted.TimeoutError{Name: "stop", Limit: 30 * time.Second}
	err := error(&hosted.ServiceError{Service: "poller", Phase: "stop", Err: limit})
	wantText(t, err, `host: stop service "poller": 30s stop timeout reached`)
	wantIs(t, err, context.DeadlineExceeded)
	var late interface{ Timeout() bool }
	if !errors.As(err, &late) || !late.Timeout() {
		t.Error("not a timeout")
	}
	wantText(t, &hosted.ServiceError{Service: "main.Hook", Hook: true, Phase: "start", Err: errBroken},
		`host: start hook "main.Hook": broken`)
	wantText(t, &hosted.PanicError{Value: 7}, "panic: 7")
	wantIs(t, &hosted.PanicError{Value: errBroken}, errBroken)
}

func TestStatusAsJSONHasTheTextOfItsError(t *testing.T) {
	t.Parallel()
	status := hosted.ServiceStatus{Name: "a", State: hosted.StateFailed, Starts: 2, LastError: errBroken, Place: "main.go:7"}
	got, err := json.Marshal(status)
	want := `{"name":"a","state":"failed","since":"0001-01-01T00:00:00Z","starts":2,"restarts":0,"place":"main.go:7","lastError":"broken"}`
	if err != nil || string(got) != want {
		t.Errorf("got  %s, %v\nwant %s", got, err, want)
	}
	status.LastError = nil
	if got, _ := json.Marshal(status); !strings.HasSuffix(string(got), `"lastError":null}`) {
		t.Errorf("got %s", got)
	}
}

// What the start or the stop waits for can be asked for, and its goroutines are found by
// the name of the service, also one that its StartAsync has started.
func TestPendingCallsAreThoseThatAreWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{ShutdownTimeout: time.Minute})
		release, worker := make(chan struct{}), make(chan struct{})
		a.build(t, a.plain("pending-a", nil), a.plain("pending-b", steps{
			"start": func(context.Context) error {
				go func() { <-worker }()
				return nil
			},
			"stop": func(context.Context) error {
				<-release
				close(worker)
				return nil
			},
		}))
		a.start(t)
		if pending := a.Services().Pending(); len(pending) != 0 {
			t.Errorf("while all run: %+v", pending)
		}
		ended := make(chan error, 1)
		begin := time.Now()
		go func() { ended <- a.Stop(context.Background()) }()
		synctest.Wait()
		want := hosted.PendingCall{Kind: "service", Name: "pending-b", Phase: hosted.PhaseStop, Since: begin}
		if pending := a.Services().Pending(); len(pending) != 1 || pending[0] != want {
			t.Errorf("pending %+v, want %+v", pending, want)
		}
		stacks := goroutines.Stacks("pending-b")
		if n := strings.Count(stacks, "TestPendingCallsAreThoseThatAreWaitedFor"); n < 2 {
			t.Errorf("want the stacks of StopAsync and of what StartAsync has started:\n%s", stacks)
		}
		if stacks := goroutines.Stacks("pending-a"); stacks != "" {
			t.Errorf("a has stopped: %s", stacks)
		}

		time.Sleep(2 * time.Minute) // the budget has run out
		synctest.Wait()
		want.LeftBehind = true
		if pending := a.Services().Pending(); len(pending) != 1 || pending[0] != want {
			t.Errorf("left behind: %+v, want %+v", pending, want)
		}
		if err := <-ended; err == nil {
			t.Error("the stop tells of none that was left behind")
		}
		close(release)
		synctest.Wait()
		if pending := a.Services().Pending(); len(pending) != 0 {
			t.Errorf("in the end: %+v", pending)
		}
	})
}

type (
	shelf   struct{ silent }
	index   struct{ silent }
	crawler struct{ silent }
	silent  struct{}
)

func (silent) StartAsync(context.Context) error { return nil }
func (silent) StopAsync(context.Context) error  { return nil }

func TestServicesKnowWhatTheyNeed(t *testing.T) {
	t.Parallel()
	var services *hosted.Services
	app := fx.New(
		fx.NopLogger, fx.Provide(zap.NewNop), hosted.Module(), fx.Populate(&services),
		hosted.AddHostedService[*crawler](func(struct {
			fx.In

			Shelf *shelf
		},
		) *crawler {
			return &crawler{}
		}, hosted.After[*index](), hosted.After[*shelf]()),
		hosted.AddHostedService[*shelf](func() *shelf { return &shelf{} }),
		hosted.AddHostedService[*index](func(*shelf) *index { return &index{} }, hosted.Last()),
		hosted.AddInstance(silent{}, hosted.Name("clock"), hosted.First()),
	)
	if err := app.Start(t.Context()); err == nil {
		t.Fatal("a service comes after one that is Last")
	}
	want := map[string][]string{
		"hosted_test.crawler": {"hosted_test.shelf", "hosted_test.index"}, "hosted_test.index": {"hosted_test.shelf"},
	}
	if needs := services.Needs(); !maps.EqualFunc(needs, want, slices.Equal) {
		t.Errorf("got  %v\nwant %v", needs, want)
	}
	var order []string
	for _, s := range services.List() {
		order = append(order, s.Name)
	}
	if got := strings.Join(order, " "); got != "clock hosted_test.shelf hosted_test.crawler hosted_test.index" {
		t.Errorf("listed as %s", got)
	}
}
