package telemetry

import (
	"runtime/debug"

	"go.opentelemetry.io/otel/attribute"
	noopmetric "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	nooptrace "go.opentelemetry.io/otel/trace/noop"
)

// provideTraces makes the provider of tracers. Without anything to export by it is
// that of the API, which passes the trace of others on as it is: one of the SDK would
// take part in it, with spans that nobody ever sees.
func (t *telemetry) provideTraces(from *resource.Resource, processors []sdktrace.SpanProcessor) {
	if t.spans == nil && len(processors) == 0 {
		t.traces = nooptrace.NewTracerProvider()
		return
	}
	t.tracing = sdktrace.NewTracerProvider(sdktrace.WithResource(from))
	t.processors = processors
	t.traces = t.tracing
}

func (t *telemetry) provideMetrics(from *resource.Resource, readers []sdkmetric.Reader) {
	if len(readers) == 0 {
		t.metrics = noopmetric.NewMeterProvider()
		return
	}
	options := []sdkmetric.Option{sdkmetric.WithResource(from)}
	for _, r := range readers {
		options = append(options, sdkmetric.WithReader(r))
	}
	t.metering = sdkmetric.NewMeterProvider(options...)
	t.metrics = t.metering
}

// version is that of the program: of its module, or else its revision.
func version(info *debug.BuildInfo) string {
	if info == nil {
		return ""
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}

func appendText(to []attribute.KeyValue, key attribute.Key, value string) []attribute.KeyValue {
	if value == "" {
		return to
	}
	return append(to, key.String(value))
}
