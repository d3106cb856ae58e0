package telemetry

import (
	"errors"

	"go.opentelemetry.io/otel/metric"
)

// instruments makes instruments, and joins what is wrong with them.
type instruments struct {
	meter metric.Meter
	err   error
}

func (i *instruments) messages(name, description string) metric.Int64Counter {
	c, err := i.meter.Int64Counter(name, metric.WithUnit("{message}"), metric.WithDescription(description))
	i.err = errors.Join(i.err, err)
	return c
}

func (i *instruments) upDown(name, unit, description string) metric.Int64UpDownCounter {
	c, err := i.meter.Int64UpDownCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
	i.err = errors.Join(i.err, err)
	return c
}

func (i *instruments) histogram(name, description string, bounds []float64) metric.Float64Histogram {
	h, err := i.meter.Float64Histogram(name, metric.WithUnit("s"), metric.WithDescription(description),
		metric.WithExplicitBucketBoundaries(bounds...))
	i.err = errors.Join(i.err, err)
	return h
}

func (i *instruments) gauge(name, description string) metric.Float64Gauge {
	g, err := i.meter.Float64Gauge(name, metric.WithUnit("s"), metric.WithDescription(description))
	i.err = errors.Join(i.err, err)
	return g
}

func (i *instruments) observedCounter(name, unit, description string) metric.Int64ObservableCounter {
	c, err := i.meter.Int64ObservableCounter(name, metric.WithUnit(unit), metric.WithDescription(description))
	i.err = errors.Join(i.err, err)
	return c
}

func (i *instruments) observed(name, unit, description string) metric.Int64ObservableGauge {
	g, err := i.meter.Int64ObservableGauge(name, metric.WithUnit(unit), metric.WithDescription(description))
	i.err = errors.Join(i.err, err)
	return g
}

func (i *instruments) observedSeconds(name, description string) metric.Float64ObservableGauge {
	g, err := i.meter.Float64ObservableGauge(name, metric.WithUnit("s"), metric.WithDescription(description))
	i.err = errors.Join(i.err, err)
	return g
}

func (i *instruments) observe(callback metric.Callback, of ...metric.Observable) {
	_, err := i.meter.RegisterCallback(callback, of...)
	i.err = errors.Join(i.err, err)
}
