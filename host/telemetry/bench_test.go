package telemetry_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/host/telemetry"
	"github.com/fxhost/fxhost/hosted/web"
)

// compare reports how much longer something takes with telemetry than without. Each of
// the two is called in turn, so that both meet the same load of the machine.
func compare(b *testing.B, without, with func()) {
	b.Helper()
	var a, z time.Duration
	for b.Loop() {
		began := time.Now()
		without()
		a += time.Since(began)
		began = time.Now()
		with()
		z += time.Since(began)
	}
	b.ReportMetric(float64(z)/float64(a), "with/without")
}

// signals compares what start returns with telemetry and without. What is exported goes by
// OTLP to a collector in this process.
func signals(b *testing.B, start func(...fx.Option) func()) {
	b.Helper()
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	b.Cleanup(collector.Close)
	for _, c := range []struct{ name, traces, sampler string }{
		{"metrics", "none", "always_on"},
		{"metrics and one trace in a hundred", "otlp", "traceidratio"},
		{"metrics and all traces", "otlp", "always_on"},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
			b.Setenv("OTEL_TRACES_EXPORTER", c.traces)
			b.Setenv("OTEL_TRACES_SAMPLER", c.sampler)
			b.Setenv("OTEL_TRACES_SAMPLER_ARG", "0.01")
			compare(b, start(), start(telemetry.Use()))
		})
	}
}

// BenchmarkMessages sends messages to a handler in the same process that does nothing.
func BenchmarkMessages(b *testing.B) {
	part := make([]order, 500)
	start := func(options ...fx.Option) func() {
		var orders queue.Sender[order]
		var handled sync.WaitGroup
		hosttest.Start(b, quiet(), fx.Options(options...), fx.Populate(&orders), queue.Handle[order](func() queue.HandlerFunc[order] {
			return func(context.Context, order) error { handled.Done(); return nil }
		}))
		return func() {
			handled.Add(len(part))
			for _, o := range part {
				if err := orders.Send(b.Context(), o); err != nil {
					b.Fatal(err)
				}
			}
			handled.Wait()
		}
	}
	signals(b, start)
}

// BenchmarkRequests asks a server whose handler does nothing, over TCP.
func BenchmarkRequests(b *testing.B) {
	start := func(options ...fx.Option) func() {
		var server *web.Server
		settings := quiet()
		settings["Servers:public:Urls"] = "http://127.0.0.1:0"
		hosttest.Start(b, settings, fx.Options(options...), web.AddServer("public", func() http.Handler {
			mux := http.NewServeMux()
			mux.HandleFunc("GET /orders/{id}", func(http.ResponseWriter, *http.Request) {})
			return mux
		}), fx.Populate(fx.Annotate(&server, fx.ParamTags(`name:"public"`))))
		client := &http.Client{Transport: &http.Transport{}}
		b.Cleanup(client.CloseIdleConnections)
		request, err := http.NewRequestWithContext(b.Context(), http.MethodGet, server.URLs()[0]+"/orders/7", nil)
		if err != nil {
			b.Fatal(err)
		}
		return func() {
			for range 100 {
				response, err := client.Do(request)
				if err != nil {
					b.Fatal(err)
				}
				_ = response.Body.Close()
			}
		}
	}
	signals(b, start)
}

// quiet are settings of a host whose records are not kept.
func quiet() hosttest.Settings { return hosttest.Settings{"Logging:LogLevel:Default": "Error"} }
