// Package prometheus serves the metrics of package telemetry to Prometheus, at
// GET /metrics on the listener of package health.
//
//	builder.Add(health.Use(), telemetry.Use(), prometheus.Use())
//
// A program that does not import it does not have the library of Prometheus in it.
package prometheus

import (
	"errors"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/otlptranslator"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/host/telemetry"
)

// Use serves the metrics. It needs telemetry.Use and health.Use, and the setting
// Health:Urls says where. Several scrapes at a time are served, up to three.
func Use() fx.Option {
	return fx.Module("fxhost.telemetry.prometheus",
		fx.Provide(client.NewRegistry, fx.Private),
		telemetry.AddReader(func(registry *client.Registry) (sdkmetric.Reader, error) {
			return exporter.New(
				exporter.WithRegisterer(registry),
				exporter.WithoutScopeInfo(),
				// fxhost.job.run.duration, which is in seconds, is
				// fxhost_job_run_duration_seconds. The default has changed before, and all
				// dashboards with it.
				exporter.WithTranslationStrategy(otlptranslator.UnderscoreEscapingWithSuffixes),
			)
		}),
		health.AddRoute(func(registry *client.Registry) health.Route {
			return health.Route{
				Pattern: "GET /metrics",
				Handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 3, EnableOpenMetrics: true}),
			}
		}),
		fx.Invoke(check),
	)
}

type needs struct {
	fx.In

	Health  *health.Health       `optional:"true"`
	Metrics metric.MeterProvider `optional:"true"`
}

func check(in needs) error {
	var errs []error
	if in.Health == nil {
		errs = append(errs, errors.New("prometheus: metrics are served by the health listener, which is not there: add health.Use() to the options"))
	}
	if in.Metrics == nil {
		errs = append(errs, errors.New("prometheus: there are no metrics: add telemetry.Use() to the options"))
	}
	return errors.Join(errs...)
}
