package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// requests watches the requests of servers of hosted/web.
type requests struct {
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	duration   metric.Float64Histogram
	active     metric.Int64UpDownCounter
}

// newRequests returns middleware. That of otelhttp does not count the requests that are
// being answered, puts a writer of its own around that of the server, and has a module
// of its own.
func newRequests(t *telemetry) (func(http.Handler) http.Handler, error) {
	i := instruments{meter: t.meter}
	r := &requests{
		tracer: t.tracer, propagator: t.propagator,
		duration: i.histogram("http.server.request.duration", "How long requests took.", seconds()),
		active:   i.upDown("http.server.active_requests", "{request}", "Requests that are being answered."),
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, given *http.Request) { r.serve(next, w, given) })
	}, i.err
}

func (r *requests) serve(next http.Handler, w http.ResponseWriter, given *http.Request) {
	began := time.Now()
	method, scheme := methodOf(given.Method), semconv.URLScheme("http")
	if given.TLS != nil {
		scheme = semconv.URLScheme("https")
	}
	ctx := r.propagator.Extract(given.Context(), propagation.HeaderCarrier(given.Header))
	ctx, span := r.tracer.Start(ctx, method.Value.AsString(), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(method, scheme))
	during := metric.WithAttributeSet(attribute.NewSet(method, scheme))
	r.active.Add(ctx, 1, during)
	request := given.WithContext(ctx)
	panicked := true
	defer func() {
		ctx := context.WithoutCancel(ctx)
		given.Pattern = request.Pattern // for what is around this
		r.active.Add(ctx, -1, during)
		attributes := append(make([]attribute.KeyValue, 0, 6), method, scheme, semconv.NetworkProtocolVersion(protocol(request)))
		if route := routeOf(request.Pattern); route != "" {
			attributes = append(attributes, semconv.HTTPRoute(route))
			span.SetName(method.Value.AsString() + " " + route)
		}
		status := statusOf(w)
		switch {
		case panicked:
			kind := semconv.ErrorTypeKey.String("aborted")
			attributes = append(attributes, kind)
			span.SetStatus(codes.Error, "the response was aborted")
		case status >= 500:
			attributes = append(attributes, semconv.ErrorTypeKey.String(strconv.Itoa(status)))
			span.SetStatus(codes.Error, "")
		}
		if !panicked || status != 0 {
			attributes = append(attributes, semconv.HTTPResponseStatusCode(max(status, http.StatusOK)))
		}
		r.duration.Record(ctx, time.Since(began).Seconds(), metric.WithAttributes(attributes...))
		if span.IsRecording() {
			span.SetAttributes(attributes...)
			span.SetAttributes(semconv.URLPath(request.URL.Path))
		}
		span.End()
	}()
	next.ServeHTTP(w, request)
	panicked = false
}
