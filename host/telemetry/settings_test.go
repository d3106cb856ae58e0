package telemetry_test

import (
	"context"
	"regexp"
	"testing"

	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/host/telemetry"
	"github.com/fxhost/fxhost/hosted"
)

func TestAVariableThatCannotBeUnderstoodFailsTheBuild(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"OTEL_TRACES_EXPORTER", "zipkin", `telemetry: OTEL_TRACES_EXPORTER: "zipkin": no exporter is called "zipkin"; there are otlp and none, and others by `},
		{"OTEL_METRICS_EXPORTER", "prometheus", `telemetry: OTEL_METRICS_EXPORTER: "prometheus": it is served by the health listener: add prometheus.Use()`},
		{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", `telemetry: OTEL_EXPORTER_OTLP_PROTOCOL: "grpc": this program exports by http/protobuf`},
		{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "grpc", `telemetry: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "grpc"`},
		{"OTEL_EXPORTER_OTLP_ENDPOINT", "ada:hunter2@collector", `telemetry: OTEL_EXPORTER_OTLP_ENDPOINT: want a URL such as http://localhost:4318`},
		{"OTEL_METRIC_EXPORT_INTERVAL", "10s", `telemetry: OTEL_METRIC_EXPORT_INTERVAL: "10s": want a number of milliseconds`},
		{"OTEL_PROPAGATORS", "b3", `telemetry: OTEL_PROPAGATORS: "b3": no propagator is called "b3"; there are tracecontext, baggage and none`},
		{"OTEL_RESOURCE_ATTRIBUTES", "team", `telemetry: OTEL_RESOURCE_ATTRIBUTES: .+ write key=value`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
			t.Setenv(c.name, c.value)
			builder, _ := hosttest.NewBuilder(t, nil, telemetry.Use())
			_, err := builder.Build()
			if err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) || regexp.MustCompile("hunter2|(?s)127.0.0.1.*127.0.0.1").MatchString(err.Error()) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

// handledIn starts a host, sends it a message within a trace of somebody else, and
// returns the trace that its handler is in.
func handledIn(t *testing.T, options ...fx.Option) trace.SpanContext {
	t.Helper()
	var orders queue.Sender[order]
	in := make(chan trace.SpanContext, 1)
	h := hosttest.Start(t, nil, telemetry.Use(), fx.Populate(&orders), fx.Options(options...),
		queue.Handle[order](func() queue.HandlerFunc[order] {
			return func(ctx context.Context, _ order) error { in <- trace.SpanContextFromContext(ctx); return nil }
		}))
	id, _ := trace.TraceIDFromHex(callersTrace)
	span, _ := trace.SpanIDFromHex(callersSpan)
	ctx := trace.ContextWithRemoteSpanContext(t.Context(),
		trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: span, TraceFlags: trace.FlagsSampled}))
	if err := orders.Send(ctx, order{}); err != nil {
		t.Fatal(err)
	}
	got := <-in
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	return got
}

func TestATraceIsPassedOnWithoutAnythingToExportBy(t *testing.T) {
	for name, variables := range map[string][]string{
		"no variables": nil,
		"disabled":     {"OTEL_SDK_DISABLED", "true", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"},
		"none":         {"OTEL_TRACES_EXPORTER", "none", "OTEL_METRICS_EXPORTER", "none", "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"},
	} {
		t.Run(name, func(t *testing.T) {
			for i := 0; i < len(variables); i += 2 {
				t.Setenv(variables[i], variables[i+1])
			}
			if got := handledIn(t); got.TraceID().String() != callersTrace || got.SpanID().String() != callersSpan || !got.IsSampled() {
				t.Errorf("the handler is in %v of %v", got.SpanID(), got.TraceID())
			}
		})
	}
}

func TestNothingIsPassedOnIfThereAreNoPropagators(t *testing.T) {
	t.Setenv("OTEL_PROPAGATORS", "none")
	if got := handledIn(t); got.IsValid() {
		t.Errorf("the handler is in %v", got.TraceID())
	}
}

func TestExportersOfTheApplication(t *testing.T) {
	spans, reader := tracetest.NewSpanRecorder(), sdkmetric.NewManualReader()
	var in struct {
		fx.In

		Traces  trace.TracerProvider
		Metrics metric.MeterProvider
	}
	h := hosttest.Start(t, nil, telemetry.Use(), fx.Populate(&in),
		telemetry.AddSpanProcessor(func() sdktrace.SpanProcessor { return spans }),
		telemetry.AddReader(func() sdkmetric.Reader { return reader }))
	_, span := in.Traces.Tracer("shop").Start(t.Context(), "price")
	span.End()
	counter, err := in.Metrics.Meter("shop").Int64Counter("shop.prices")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 3)
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	scopes := map[string]bool{}
	for _, s := range all.ScopeMetrics {
		scopes[s.Scope.Name] = true
	}
	if len(scopes) != 2 || !scopes["shop"] {
		t.Errorf("metrics of %v", scopes)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended := map[string]bool{}
	for _, s := range spans.Ended() {
		ended[s.Name()] = true
	}
	if !ended["price"] || !ended["host start"] || !ended["host stop"] {
		t.Errorf("spans %v", ended)
	}
	if err := reader.Collect(t.Context(), &all); err == nil {
		t.Error("the reader was not shut down")
	}
}

// Telemetry needs hosted.Module, and nothing else of fxhost.
func TestInAnApplicationOfItsOwn(t *testing.T) {
	collector := receive(t)
	t.Setenv("OTEL_SERVICE_NAME", "shop")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "team=blue")
	app := fx.New(fx.NopLogger, telemetry.Use(), hosted.Module())
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	collector.span(t, "host start")
	collector.span(t, "host stop")
	for _, of := range collector.resources {
		if attributeOf(of.Attributes, "service.name") != "shop" || attributeOf(of.Attributes, "team") != "blue" {
			t.Errorf("resource %v", of)
		}
	}
}
