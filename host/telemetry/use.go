package telemetry

import (
	"fmt"
	"os"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/web"
	"github.com/fxhost/fxhost/internal/observe"
)

// Use exports metrics and traces as the package comment says. It works in any
// application with hosted.Module, such as one of package host, and watches those parts
// that the application has. A variable that cannot be understood fails the build.
func Use() fx.Option {
	return fx.Module("fxhost.telemetry",
		fx.Provide(
			newTelemetry,
			newMessages,
			newJobs,
			newLife,
			func(t *telemetry) (trace.TracerProvider, metric.MeterProvider, propagation.TextMapPropagator) {
				return t.traces, t.metrics, t.propagator
			},
			newCarrier,
		),
		observe.Provide(newObserver),
		web.Use(newRequests),
		hosted.AddHostedService[*service](newService, hosted.Name("telemetry"), hosted.First()),
		fx.Invoke(watchState),
	)
}

// AddReader exports metrics by the sdkmetric.Reader that constructor makes, too, a
// function that fx.Provide accepts. It is shut down in the stop.
//
//	telemetry.AddReader(func() (sdkmetric.Reader, error) {
//		exporter, err := stdoutmetric.New()
//		return sdkmetric.NewPeriodicReader(exporter), err
//	})
func AddReader(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(`group:"fxhost.telemetry.readers"`)))
}

// AddSpanProcessor exports spans by the sdktrace.SpanProcessor that constructor makes,
// too, a function that fx.Provide accepts. It gets the spans from the start on, and is
// shut down in the stop.
//
//	telemetry.AddSpanProcessor(func() (sdktrace.SpanProcessor, error) {
//		exporter, err := stdouttrace.New()
//		return sdktrace.NewBatchSpanProcessor(exporter), err
//	})
func AddSpanProcessor(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(`group:"fxhost.telemetry.processors"`)))
}

type params struct {
	fx.In

	Environment *host.Environment        `optional:"true"`
	Log         *zap.Logger              `optional:"true"`
	Readers     []sdkmetric.Reader       `group:"fxhost.telemetry.readers"`
	Processors  []sdktrace.SpanProcessor `group:"fxhost.telemetry.processors"`
}

// telemetry has the providers, and what they export by.
type telemetry struct {
	log        *zap.Logger
	propagator propagation.TextMapPropagator

	traces     trace.TracerProvider     // that of the API if there is nothing to export by
	tracing    *sdktrace.TracerProvider // nil if there is nothing to export by
	processors []sdktrace.SpanProcessor // that are registered in the start
	spans      *spanExporter            // by OTLP, or nil
	metrics    metric.MeterProvider     // like traces
	metering   *sdkmetric.MeterProvider // like tracing
	push       *push                    // by OTLP, or nil
	tracer     trace.Tracer
	meter      metric.Meter
}

func newTelemetry(in params) (*telemetry, error) {
	if in.Log == nil {
		in.Log = zap.NewNop()
	}
	t := &telemetry{log: in.Log.Named("telemetry")}
	s, err := readSettings(os.Getenv)
	if err != nil {
		return nil, err
	}
	t.propagator = s.propagator
	resource, err := newResource(in.Environment)
	if err != nil {
		return nil, err
	}
	if s.disabled {
		in.Readers, in.Processors = nil, nil
	}
	trouble := &trouble{log: t.log}
	if s.traces {
		t.spans = newSpanExporter(trouble)
	}
	if s.metrics {
		if t.push, err = newPush(s, trouble); err != nil {
			return nil, fmt.Errorf("telemetry: export metrics: %w", err)
		}
		in.Readers = append(in.Readers, t.push.reader)
	}
	t.provideTraces(resource, in.Processors)
	t.provideMetrics(resource, in.Readers)
	t.tracer = t.traces.Tracer(scopeName, trace.WithSchemaURL(schemaURL))
	t.meter = t.metrics.Meter(scopeName, metric.WithSchemaURL(schemaURL))
	return t, nil
}
