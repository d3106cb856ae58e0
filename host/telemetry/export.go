package telemetry

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
)

// trouble tells once that a collector cannot be reached, and once that it can again.
// The SDK would write each failure to stderr, by a handler that is global.
type trouble struct {
	log *zap.Logger

	mu   sync.Mutex
	with map[string]bool // signals that fail
}

// tell is called after each export.
func (t *trouble) tell(signal string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case err != nil && len(t.with) == 0:
		t.with = map[string]bool{signal: true}
		t.log.Warn("telemetry is not exported", zap.String(fields.Signal, signal), zap.Error(err))
	case err != nil:
		t.with[signal] = true
		t.log.Debug("telemetry is still not exported", zap.String(fields.Signal, signal), zap.Error(err))
	case t.with[signal]:
		if delete(t.with, signal); len(t.with) == 0 {
			t.log.Info("telemetry is exported again", zap.String(fields.Signal, signal))
		}
	}
}

// exists tells whether the last export of a signal has failed.
func (t *trouble) exists() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.with) > 0
}

// spanExporter exports spans by OTLP.
type spanExporter struct {
	*otlptrace.Exporter

	trouble *trouble
	within  context.Context //nolint:containedctx // of all exports: the processor has its own for each
	end     context.CancelFunc
}

func newSpanExporter(t *trouble) *spanExporter {
	e := &spanExporter{Exporter: otlptrace.NewUnstarted(otlptracehttp.NewClient()), trouble: t}
	e.within, e.end = context.WithCancel(context.Background())
	return e
}

// ExportSpans implements sdktrace.SpanExporter. It returns nil: whom it would tell is
// the global handler.
func (e *spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if e.within.Err() != nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.within, cancel)() //nolint:contextcheck // it ends both
	e.trouble.tell("traces", e.Exporter.ExportSpans(ctx, spans))
	return nil
}

// push exports metrics by OTLP at intervals. The PeriodicReader of the SDK would begin
// with that as soon as it is made.
type push struct {
	reader            *sdkmetric.ManualReader
	exporter          *otlpmetrichttp.Exporter
	interval, timeout time.Duration
	trouble           *trouble

	cancel context.CancelFunc
	done   chan struct{} // closed when run has returned
}

func newPush(s settings, t *trouble) (*push, error) {
	exporter, err := otlpmetrichttp.New(context.Background())
	if err != nil {
		return nil, err
	}
	return &push{
		reader: sdkmetric.NewManualReader(
			sdkmetric.WithTemporalitySelector(exporter.Temporality), sdkmetric.WithAggregationSelector(exporter.Aggregation)),
		exporter: exporter, interval: s.interval, timeout: s.timeout, trouble: t,
	}, nil
}

func (p *push) start(ctx context.Context) {
	ctx, p.cancel = context.WithCancel(context.WithoutCancel(ctx))
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		ticker := time.NewTicker(p.interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				p.export(ctx)
			}
		}
	}()
}

func (p *push) export(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	var all metricdata.ResourceMetrics
	err := p.reader.Collect(limited, &all)
	if err == nil {
		err = p.exporter.Export(limited, &all)
	}
	if ctx.Err() == nil { // or it was cut off
		p.trouble.tell("metrics", err)
	}
}

// stop exports once more, as long as ctx lasts.
func (p *push) stop(ctx context.Context) {
	if p.cancel == nil {
		return
	}
	p.cancel()
	<-p.done // soon: its context has ended
	p.export(ctx)
	_ = p.exporter.Shutdown(ctx) // it has nothing to lose any more
}
