package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"

	"github.com/fxhost/fxhost/background/queue"
)

// carrier takes the trace from the sender of a message to its handler, in headers.
type carrier struct{ propagation.TextMapPropagator }

func newCarrier(t *telemetry) queue.Propagator { return carrier{t.propagator} }

// Inject implements queue.Propagator.
func (c carrier) Inject(ctx context.Context, headers map[string]string) {
	c.TextMapPropagator.Inject(ctx, propagation.MapCarrier(headers))
}

// Extract implements queue.Propagator.
func (c carrier) Extract(ctx context.Context, headers map[string]string) context.Context {
	return c.TextMapPropagator.Extract(ctx, propagation.MapCarrier(headers))
}
