package telemetry_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/host/telemetry"
)

const notExported = "telemetry is not exported"

// nowhere is an address that nobody listens on.
func nowhere(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return "http://" + listener.Addr().String()
}

func TestACollectorThatCannotBeReachedIsToldOnceAndStopsNothing(t *testing.T) {
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", nowhere(t))
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "5")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "5")
	var orders queue.Sender[order]
	var handled atomic.Int32
	h := hosttest.Start(t, nil, telemetry.Use(), fx.Populate(&orders), queue.Handle[order](func() queue.HandlerFunc[order] {
		return func(context.Context, order) error { handled.Add(1); return nil }
	}))
	const messages = 3000 // more than the processor keeps
	for range messages {
		if err := orders.Send(t.Context(), order{}); err != nil {
			t.Fatal(err)
		}
	}
	await(t, "all messages", func() bool { return handled.Load() == messages })
	await(t, "a second failure", func() bool { return h.Logs.FilterMessage("telemetry is still not exported").Len() > 0 })
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	told := h.Logs.FilterMessage(notExported).All()
	if len(told) != 1 || told[0].Level != zapcore.WarnLevel || told[0].LoggerName != "telemetry" {
		t.Errorf("told %v", told)
	}
	if worse := h.Logs.FilterLevelExact(zapcore.ErrorLevel).All(); len(worse) != 0 {
		t.Errorf("logged %v", worse)
	}
}

func TestACollectorThatHangsDoesNotOverrunTheShutdownBudget(t *testing.T) {
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(release) })
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", hanging.URL)
	h := hosttest.Start(t, hosttest.Settings{"shutdownTimeoutSeconds": 6}, telemetry.Use())
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestACollectorThatIsBackIsToldOnce(t *testing.T) {
	var works atomic.Bool
	var served atomic.Int32
	moody := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !works.Load() {
			http.Error(w, "not now", http.StatusForbidden)
			return
		}
		served.Add(1)
	}))
	t.Cleanup(moody.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", moody.URL+"/v1/metrics")
	t.Setenv("OTEL_METRIC_EXPORT_INTERVAL", "5")
	h := hosttest.Start(t, nil, telemetry.Use())
	for n := range 2 {
		await(t, "trouble", func() bool { return h.Logs.FilterMessage(notExported).Len() == n+1 })
		works.Store(true)
		await(t, "its end", func() bool { return h.Logs.FilterMessage("telemetry is exported again").Len() == n+1 })
		before := served.Load()
		await(t, "two more", func() bool { return served.Load() > before+1 })
		works.Store(n == 1)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if again := h.Logs.FilterMessage("telemetry is exported again").All(); len(again) != 2 || again[0].ContextMap()["signal"] != "metrics" {
		t.Errorf("told %v", again)
	}
}

// What is left is exported in the stop, and also after a start that has failed.
func TestAFailedStartIsExported(t *testing.T) {
	collector := receive(t)
	h := hosttest.New(t, nil, telemetry.Use(), fx.Invoke(func(l fx.Lifecycle) {
		l.Append(fx.StartHook(func() error { return errBroken }))
	}))
	if err := h.Start(t.Context()); err == nil {
		t.Fatal("it has started")
	}
	s := collector.span(t, "host start")
	if s.Status.GetMessage() == "" {
		t.Errorf("status %v", s.Status)
	}
}

func TestAStopInTheMiddleOfTheStart(t *testing.T) {
	collector := receive(t)
	ctx, cancel := context.WithCancel(t.Context())
	h := hosttest.New(t, nil, telemetry.Use(), fx.Invoke(func(l fx.Lifecycle) {
		l.Append(fx.StartHook(func(ctx context.Context) error { cancel(); <-ctx.Done(); return context.Cause(ctx) }))
	}))
	if err := h.Start(ctx); err == nil {
		t.Fatal("it has started")
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Logf("the stop says %v", err)
	}
	collector.span(t, "host start")
}
