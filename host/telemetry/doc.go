// Package telemetry exports metrics and traces of a host and of what it runs by
// OpenTelemetry (.NET: AddOpenTelemetry, WithMetrics, WithTracing).
//
//	builder.Add(telemetry.Use())
//
// It watches HTTP requests, messages, jobs, hosted services, the configuration and
// health checks, without a line of code in them. docs/reference/metrics.md has all
// metrics. A trace goes on from an HTTP request to the messages that its handler sends,
// and to the handlers of those.
//
// # Where it goes
//
// The standard environment variables of OpenTelemetry say that. They are read from the
// environment of the process, not from the configuration:
//
//   - OTEL_EXPORTER_OTLP_ENDPOINT is the URL of a collector, such as
//     http://localhost:4318. The protocol is OTLP over HTTP with Protobuf.
//   - OTEL_TRACES_EXPORTER and OTEL_METRICS_EXPORTER are otlp or none. Without them,
//     and without an endpoint, nothing is exported. That differs from the
//     specification: a program on the machine of a developer must not look for a
//     collector that is not there.
//   - OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence over the name of
//     the application, its version and the name of the environment.
//   - OTEL_SDK_DISABLED=true turns all of it off.
//   - OTEL_PROPAGATORS has tracecontext, baggage, both (the default) or none.
//   - OTEL_TRACES_SAMPLER, OTEL_BSP_*, OTEL_METRIC_EXPORT_INTERVAL, OTEL_EXPORTER_OTLP_*
//     and the limits of spans are those of the SDK and of its exporters.
//
// Other exporters are added with [AddSpanProcessor] and [AddReader]; package prometheus
// beside this one serves the metrics to Prometheus.
//
// # In code of its own
//
// A trace.TracerProvider, a metric.MeterProvider and a propagation.TextMapPropagator
// can be injected. They are not set as the global ones of package otel: a library
// that would use those takes them as an option, mostly called WithTracerProvider and
// WithMeterProvider. What they record before the start is not exported.
//
// Use provides the queue.Propagator of the application, too.
//
// The exporters bring packages that have handlers below /debug on
// http.DefaultServeMux: golang.org/x/net/trace, and with Prometheus expvar. Serve a mux
// of your own, as hosted/web has it.
//
// # Start and stop
//
// The exporters start before all services and stop after them, so that the stop is
// seen, too. What is left is then exported within 5 seconds, as long as the shutdown
// budget lasts. A collector that cannot be reached delays and fails nothing but the
// last export, for half a second. It is logged once, and once more when it is back.
package telemetry
