package health_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/host/hosttest"
)

// start runs a host with health and returns both.
func start(t *testing.T, settings hosttest.Settings, options ...fx.Option) (*hosttest.Host, *health.Health) {
	t.Helper()
	var h *health.Health
	host := hosttest.Start(t, settings, health.Use(), fx.Options(options...), fx.Populate(&h))
	return host, h
}

// get asks a handler.
func get(h *health.Health, p health.Probe, target string) (status int, body string) {
	recorder := httptest.NewRecorder()
	h.Handler(p).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, target, nil))
	return recorder.Code, recorder.Body.String()
}

// shown is the JSON of ?verbose.
type shown struct {
	Status, Reason string
	Services       []struct{ Name, State, Age string }
	Checks         []struct {
		Name, Status, Age, Elapsed, Error string
		Tags                              []string
	}
}

func verbose(t *testing.T, h *health.Health, p health.Probe) (s shown) {
	t.Helper()
	_, body := get(h, p, "/?verbose")
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return s
}

func text(err error) string {
	if err == nil {
		return "ok"
	}
	return err.Error()
}

// await waits for real things to become true.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not: %s", what)
		}
	}
}

// newHost builds a host with health.
func newHost(t *testing.T, options ...fx.Option) *hosttest.Host {
	t.Helper()
	return hosttest.New(t, nil, health.Use(), fx.Options(options...))
}
