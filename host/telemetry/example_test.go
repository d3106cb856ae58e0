package telemetry_test

import (
	"context"
	"fmt"
	"io"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/host/telemetry"
	"github.com/fxhost/fxhost/host/telemetry/prometheus"
	"github.com/fxhost/fxhost/hosted"
)

func Example() {
	builder := host.NewEmptyBuilder()
	builder.Logging.Output = zapcore.AddSync(io.Discard) // the output of an example is compared
	builder.Add(
		health.Use(),
		telemetry.Use(),
		prometheus.Use(),
	)
	builder.Add(fx.Provide(NewShop), fx.Invoke(func(shop *Shop, lifetime *hosted.ApplicationLifetime) {
		lifetime.OnStarted(func(ctx context.Context) {
			fmt.Println(shop.Price(ctx, "tea"))
			lifetime.StopApplication(nil)
		})
	}))
	fmt.Println(builder.Run(context.Background()))
	// Output:
	// 3
	// <nil>
}

// Shop has a span and a metric of its own.
type Shop struct {
	tracer trace.Tracer
	asked  metric.Int64Counter
}

// NewShop is called by fx.
func NewShop(traces trace.TracerProvider, metrics metric.MeterProvider) (*Shop, error) {
	asked, err := metrics.Meter("example.com/shop").Int64Counter("shop.prices.asked",
		metric.WithUnit("{price}"), metric.WithDescription("Prices that somebody asked for."))
	return &Shop{tracer: traces.Tracer("example.com/shop"), asked: asked}, err
}

// Price of an article. There are few articles: each is a series of its own.
func (s *Shop) Price(ctx context.Context, article string) int {
	ctx, span := s.tracer.Start(ctx, "price")
	defer span.End()
	s.asked.Add(ctx, 1, metric.WithAttributes(attribute.String("shop.article", article)))
	return len(article)
}
