package telemetry

import (
	"context"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
)

const (
	// flushLimit is for the last export, which gets no more than half of what is left of
	// the shutdown budget, so that it is never what overruns that.
	flushLimit = 5 * time.Second
	// deafLimit is for the last export if the one before has failed.
	deafLimit = 500 * time.Millisecond
)

// service starts the exporters before all else, and stops them after it.
type service struct {
	*telemetry

	life *life
}

func newService(t *telemetry, l *life) *service { return &service{t, l} }

// StartingAsync implements hosted.StartingService.
func (s *service) StartingAsync(context.Context) error {
	s.life.begins()
	return nil
}

// StartAsync starts the exporters.
func (s *service) StartAsync(ctx context.Context) error {
	if s.spans != nil {
		if err := s.spans.Start(ctx); err != nil {
			return err
		}
		s.tracing.RegisterSpanProcessor(sdktrace.NewBatchSpanProcessor(s.spans))
	}
	for _, p := range s.processors {
		s.tracing.RegisterSpanProcessor(p)
	}
	if s.push != nil {
		s.push.start(ctx)
	}
	s.life.watch()
	return nil
}

// StopAsync exports what is left. It fails nothing.
func (s *service) StopAsync(ctx context.Context) error {
	s.life.ends(ctx)
	limit := flushLimit
	if s.push != nil && s.push.trouble.exists() || s.spans != nil && s.spans.trouble.exists() {
		limit = deafLimit
	}
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var flushing sync.WaitGroup
	if s.tracing != nil {
		flushing.Go(func() {
			if err := s.tracing.Shutdown(ctx); err != nil {
				s.log.Warn("spans may be lost", zap.Error(err))
			}
			if s.spans != nil {
				s.spans.end()
			}
		})
	}
	if s.metering != nil {
		flushing.Go(func() {
			if s.push != nil {
				s.push.stop(ctx)
			}
			if err := s.metering.Shutdown(ctx); err != nil {
				s.log.Warn("metrics may be lost", zap.Error(err))
			}
		})
	}
	flushing.Wait()
	return nil
}

var (
	_ hosted.HostedService   = (*service)(nil)
	_ hosted.StartingService = (*service)(nil)
)
