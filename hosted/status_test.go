package hosted_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/hosted"
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
