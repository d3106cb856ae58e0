package telemetry

import (
	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

const (
	scopeName = "github.com/fxhost/fxhost/host/telemetry"
	schemaURL = semconv.SchemaURL // of all names that are not ours: a change of it changes dashboards
)

// Attributes that OpenTelemetry has no names for.
const (
	serviceName    = attribute.Key("fxhost.service.name")
	serviceState   = attribute.Key("fxhost.service.state")
	hostState      = attribute.Key("fxhost.host.state")
	reloadResult   = attribute.Key("fxhost.config.reload.result")
	healthCheck    = attribute.Key("fxhost.health.check.name")
	healthStatus   = attribute.Key("fxhost.health.check.status")
	jobName        = attribute.Key("fxhost.job.name")
	jobTrigger     = attribute.Key("fxhost.job.trigger")
	jobResult      = attribute.Key("fxhost.job.result")
	jobSchedule    = attribute.Key("fxhost.job.schedule")
	jobRetry       = attribute.Key("fxhost.job.retry")
	messageState   = attribute.Key("fxhost.message.state")
	messageAttempt = attribute.Key("fxhost.message.attempt")
	messageResult  = attribute.Key("fxhost.message.result")
)

// seconds are the bounds of histograms that the conventions give theirs: up to 10 s.
func seconds() []float64 {
	return []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
}

// longSeconds are those of runs of jobs: up to an hour.
func longSeconds() []float64 {
	return []float64{0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600}
}
