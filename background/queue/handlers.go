package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.uber.org/zap"
)

// errStopping is the cause of a handler's context that the stop has ended.
var errStopping = errors.New("queue: the host cannot wait any longer")

// handlers receives the messages of a topic and has them handled: one worker for
// each message that may be handled at a time. Its fields below the blank line are
// guarded by the lock.
type handlers struct {
	topic  *topic
	handle func(*handling) error

	receiving context.Context //nolint:containedctx // of all workers; ends with the stop
	receive   context.CancelFunc
	handling  context.Context //nolint:containedctx // of all handlers; ends when the stop cannot wait any longer
	interrupt context.CancelCauseFunc
	settling  context.Context //nolint:containedctx // of what they leave; does not end

	workers sync.WaitGroup
	ended   chan struct{} // closed when all workers have, and the receivers are closed
	broken  chan struct{} // closed when err is there
	hands   keeper

	mu  sync.Mutex
	err error // of a worker that ended by itself
}

// startHandlers begins to receive. handle must not panic.
func startHandlers(ctx context.Context, t *topic, handle func(*handling) error) (*handlers, error) {
	queues, err := t.open(ctx)
	if err != nil {
		return nil, err
	}
	forever := context.WithoutCancel(ctx)
	s := &handlers{
		topic: t, handle: handle, settling: forever,
		ended: make(chan struct{}), broken: make(chan struct{}),
	}
	s.receiving, s.receive = context.WithCancel(forever)
	s.handling, s.interrupt = context.WithCancelCause(forever)
	var receivers []Receiver
	for _, q := range queues {
		r, err := q.Receive(ctx, t.prefetch)
		if err != nil {
			s.receive()
			s.interrupt(nil)
			return nil, errors.Join(err, closeAll(forever, receivers))
		}
		receivers = append(receivers, r)
	}
	for partition, r := range receivers {
		for range max(1, t.concurrency) {
			s.workers.Go(s.newWorker(r, partition).run)
		}
	}
	extending, cancel := context.WithCancel(forever)
	go s.hands.run(extending, t.takeover)
	go func() {
		s.workers.Wait()
		cancel()
		if err := closeAll(forever, receivers); err != nil {
			t.log.Error("queue not closed", zap.Error(err))
		}
		close(s.ended)
	}()
	return s, nil
}

func closeAll(ctx context.Context, receivers []Receiver) (err error) {
	for _, r := range receivers {
		err = errors.Join(err, r.Close(ctx))
	}
	return err
}

// fail is called when a worker cannot receive any more. That it was told so by the
// stop is no failure.
func (s *handlers) fail(err error) {
	if s.receiving.Err() != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = fmt.Errorf("queue: receive %v: %w", s.topic.message, err)
		close(s.broken)
	}
}

// stop receives no more, and lets those who are at it go on until shortly before
// ctx ends; then their contexts end, and there is a little time to give back what
// they had.
func (s *handlers) stop(ctx context.Context) error {
	s.receive()
	if finish(ctx, s.ended, func() { s.interrupt(errStopping) }) {
		return nil
	}
	return fmt.Errorf("%w: messages still being handled: %d", context.Cause(ctx), len(s.hands.held()))
}
