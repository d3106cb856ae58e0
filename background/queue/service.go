package queue

import (
	"context"
	"sync"
)

// opener is the hosted service of a type of message that is declared: an engine that
// cannot be reached is an error of the start.
type opener[M any] struct{ of *topicOf[M] }

func (o *opener[M]) StartAsync(ctx context.Context) error {
	if _, err := o.of.open(ctx); err != nil {
		return err
	}
	o.of.taking.begin()
	return nil
}

// StopAsync refuses messages that would be kept in memory: it is called when the
// services that were registered later have stopped, such as a loop over the Consumer.
func (o *opener[M]) StopAsync(context.Context) error {
	o.of.taking.end()
	return nil
}

// LastError implements hosted.ErrorReporter.
func (o *opener[M]) LastError() error { return o.of.transport.State().Err }

// service is the hosted service that has messages handled.
type service[M any] struct {
	of *topicOf[M]

	mu       sync.Mutex
	handlers *handlers // nil unless it runs
}

func (s *service[M]) StartAsync(ctx context.Context) error {
	s.of.taking.begin()
	running, err := startHandlers(ctx, s.of.topic, s.of.handle)
	if err != nil {
		s.of.taking.end()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers = running
	return err
}

// handle is what a worker does with a message.
func (t *topicOf[M]) handle(h *handling) (err error) {
	defer recovered(&err)
	e, ctx := h.delivery.Message(), context.Context(h)
	if len(e.Headers) > 0 {
		ctx = t.propagator.Extract(ctx, e.Headers)
	}
	if len(t.observers) > 0 {
		ctx = h.observe(ctx)
	}
	var message M
	if err := t.decode(e, &message); err != nil {
		return err
	}
	return t.run(ctx, message)
}

func (s *service[M]) StopAsync(ctx context.Context) error {
	s.mu.Lock()
	running := s.handlers
	s.mu.Unlock()
	if running == nil {
		return nil
	}
	s.of.taking.end()
	return running.stop(ctx)
}

// Done implements hosted.Awaiter: it is closed when the engine cannot be received
// from any more.
func (s *service[M]) Done() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handlers == nil {
		return nil
	}
	return s.handlers.broken
}

// Err implements hosted.Awaiter.
func (s *service[M]) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handlers == nil {
		return nil
	}
	s.handlers.mu.Lock()
	defer s.handlers.mu.Unlock()
	return s.handlers.err
}

// Endless implements hosted.EndlessService: the messages never end.
func (s *service[M]) Endless() bool { return true }

// LastError implements hosted.ErrorReporter.
func (s *service[M]) LastError() error { return s.of.transport.State().Err }
