package health_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/hosted"
)

// probes are the answers to all three.
func probes(h *health.Health) [3]string {
	return [3]string{text(h.Live()), text(h.Ready()), text(h.Startup())}
}

func TestWhatBecomesOfAServiceDecides(t *testing.T) {
	t.Parallel()
	boom := func(context.Context) error { return errors.New("boom") }
	hang := func(ctx context.Context) error { <-ctx.Done(); return nil }
	for name, test := range map[string]struct {
		work    func(context.Context) error
		options []hosted.ServiceOption
		want    string // of live
		status  string // of ready
	}{
		"runs":      {hang, nil, "ok", "healthy"},
		"completes": {func(context.Context) error { return nil }, nil, "ok", "healthy"},
		"faulted":   {boom, []hosted.ServiceOption{hosted.OnFault(hosted.Ignore)}, "not live: service loop is faulted", "unhealthy"},
		"stalled":   {hang, []hosted.ServiceOption{hosted.StallTimeout(time.Second)}, "not live: service loop is stalled", "unhealthy"},
		"restarting": {
			boom,
			[]hosted.ServiceOption{hosted.OnFault(hosted.Restart(hosted.RestartPolicy{MinBackoff: time.Hour, MaxBackoff: time.Hour}))},
			"ok", "degraded",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, h := start(t, nil, background.Func("loop", test.work, test.options...))
				time.Sleep(2 * time.Minute)
				ready := "ok"
				if test.want != "ok" {
					ready = "not ready" + test.want[len("not live"):]
				}
				if got, want := probes(h), [3]string{test.want, ready, "ok"}; got != want {
					t.Errorf("got %q, want %q", got, want)
				}
				if got := verbose(t, h, health.Ready).Status; got != test.status {
					t.Errorf("status %s", got)
				}
			})
		})
	}
}

// reporter panics when it is asked for its last error.
type reporter struct{ background.BackgroundService }

func (*reporter) ExecuteAsync(ctx context.Context) error { <-ctx.Done(); return nil }
func (*reporter) LastError() error                       { panic("boom") }

func TestAServiceThatPanicsWhenAskedTakesNothingDown(t *testing.T) {
	t.Parallel()
	_, h := start(t, nil, hosted.AddInstance(&reporter{}, hosted.Name("reporter")))
	if got := probes(h); got != [3]string{"not live: panic: boom", "not ready: panic: boom", "ok"} {
		t.Errorf("%q", got)
	}
	if got := verbose(t, h, health.Live); got.Status != "unhealthy" {
		t.Errorf("%+v", got)
	}
}

// asking is a service that asks in each phase.
type asking struct {
	health *health.Health
	said   map[string][3]string
}

func (a *asking) note(phase string) error {
	a.said[phase] = probes(a.health)
	return nil
}
func (a *asking) StartAsync(context.Context) error    { return a.note("start") }
func (a *asking) StartedAsync(context.Context) error  { return a.note("started") }
func (a *asking) StoppingAsync(context.Context) error { return a.note("stopping") }
func (a *asking) StopAsync(context.Context) error     { return a.note("stop") }
func (a *asking) StoppedAsync(context.Context) error  { return a.note("stopped") }

// Readiness follows the life of the host, whoever asks for the stop.
func TestTheProbesOfALife(t *testing.T) {
	t.Parallel()
	a := &asking{said: map[string][3]string{}}
	host, h := start(t, nil, hosted.AddHostedService[*asking](func(h *health.Health) *asking {
		a.health = h
		return a
	}))
	_ = a.note("running")
	host.ApplicationLifetime().StopApplication(nil)
	_ = a.note("asked to stop") // nothing has stopped yet
	if err := host.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = a.note("over")
	starting := [3]string{"ok", "not ready: starting", "not started: starting"}
	stopping := [3]string{"ok", "not ready: stopping", "ok"}
	for phase, want := range map[string][3]string{
		"start": starting, "started": starting, "running": {"ok", "ok", "ok"},
		"asked to stop": stopping, "stopping": stopping, "stop": stopping, "stopped": stopping, "over": stopping,
	} {
		if got := a.said[phase]; got != want {
			t.Errorf("%s: got %q, want %q", phase, got, want)
		}
	}
	if h.Startup() != nil {
		t.Error("forgotten that it had started")
	}
}

// A start that fails never becomes ready.
func TestTheProbesOfAFailedStart(t *testing.T) {
	t.Parallel()
	var h *health.Health
	a := &asking{said: map[string][3]string{}}
	host := newHost(t, hosted.AddHostedService[*asking](func(made *health.Health) *asking {
		h, a.health = made, made
		return a
	}), hosted.AddFactory(func() hosted.HostedService { return failing{} }, hosted.Name("failing")))
	if err := host.Start(t.Context()); err == nil {
		t.Fatal("started")
	}
	want := [3]string{"ok", "not ready: stopping", "not started: stopping"}
	if got := probes(h); got != want || a.said["stop"] != want {
		t.Errorf("%q, in the rollback %q", got, a.said["stop"])
	}
}

type failing struct{}

func (failing) StartAsync(context.Context) error { return errors.New("boom") }
func (failing) StopAsync(context.Context) error  { return nil }
