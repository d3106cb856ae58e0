package telemetry

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/fxhost/fxhost/hosted"
)

// life tells how long the start and the stop of the host took, and makes a trace of
// each, with a span for each service.
type life struct {
	tracer      trace.Tracer
	lifetime    *hosted.ApplicationLifetime
	services    *hosted.Services
	start, stop metric.Float64Gauge
	watching    sync.WaitGroup
	over        chan struct{} // closed to end the watch

	began   time.Time // the start
	mu      sync.Mutex
	started time.Time // zero until the host has
	asked   time.Time // to stop
}

func newLife(t *telemetry, lifetime *hosted.ApplicationLifetime, services *hosted.Services) (*life, error) {
	i := instruments{meter: t.meter}
	l := &life{
		tracer: t.tracer, lifetime: lifetime, services: services, over: make(chan struct{}),
		start: i.gauge("fxhost.host.start.duration", "How long the start of the host took."),
		stop:  i.gauge("fxhost.host.stop.duration", "How long the stop of the host took, from the request, with the drain."),
	}
	lifetime.OnStarted(l.hasStarted)
	return l, i.err
}

// begins is called before anything else starts.
func (l *life) begins() { l.began = time.Now() }

// watch notes when a stop is requested: a drain comes before the first call.
func (l *life) watch() {
	l.watching.Go(func() {
		select {
		case <-l.lifetime.StopRequested():
			l.mu.Lock()
			l.asked = time.Now()
			l.mu.Unlock()
		case <-l.over:
		}
	})
}

func (l *life) hasStarted(ctx context.Context) {
	now := time.Now()
	l.mu.Lock()
	l.started = now
	l.mu.Unlock()
	l.start.Record(ctx, now.Sub(l.began).Seconds())
	l.trace(ctx, "host start", "start ", l.began, now, nil, func(s hosted.ServiceStatus) hosted.Took { return s.Start })
}

// ends is called when everything else has stopped.
func (l *life) ends(ctx context.Context) {
	now := time.Now()
	close(l.over)
	l.watching.Wait()
	l.mu.Lock()
	began, started := l.asked, l.started
	l.mu.Unlock()
	cause := l.lifetime.Cause()
	if started.IsZero() {
		if cause == nil {
			cause = errors.New("a service has not started")
		}
		l.trace(ctx, "host start", "start ", l.began, now, cause, func(s hosted.ServiceStatus) hosted.Took { return s.Start })
		return
	}
	if began.IsZero() {
		began = now
		for _, s := range l.services.List() {
			if at := s.Stop.At; !at.IsZero() && at.Before(began) {
				began = at
			}
		}
	}
	l.stop.Record(ctx, now.Sub(began).Seconds())
	if _, fault := errors.AsType[*hosted.ServiceError](cause); !fault {
		cause = nil // somebody has asked for it
	}
	l.trace(ctx, "host stop", "stop ", began, now, cause, func(s hosted.ServiceStatus) hosted.Took { return s.Stop })
}

// trace makes a trace of what is over.
func (l *life) trace(ctx context.Context, root, each string, began, ended time.Time, failure error, call func(hosted.ServiceStatus) hosted.Took) {
	ctx, span := l.tracer.Start(ctx, root, trace.WithNewRoot(), trace.WithTimestamp(began))
	if failure != nil {
		fail(span, failure)
	}
	for _, s := range l.services.List() {
		took := call(s)
		if took.At.IsZero() {
			continue
		}
		_, of := l.tracer.Start(ctx, each+s.Name, trace.WithTimestamp(took.At), trace.WithAttributes(serviceName.String(s.Name)))
		if s.State == hosted.StateFailed || s.State == hosted.StateLeftBehind {
			of.SetStatus(codes.Error, s.State.String())
			if s.LastError != nil {
				fail(of, s.LastError)
			}
		}
		of.End(trace.WithTimestamp(took.At.Add(took.Elapsed)))
	}
	span.End(trace.WithTimestamp(ended))
}
