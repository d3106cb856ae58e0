package queue

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/observe"
	"github.com/fxhost/fxhost/internal/safe"
)

// worker handles one message after the other.
type worker struct {
	*handlers

	receiver  Receiver
	partition int
	hand      *hand
	ctx       context.Context //nolint:containedctx // of its messages, until one is lost: a context for each would cost more than the rest
	cancel    context.CancelCauseFunc
	current   *handling // nil between two messages
}

func (s *handlers) newWorker(r Receiver, partition int) *worker {
	w := &worker{handlers: s, receiver: r, partition: partition, hand: s.hands.hand()}
	w.ctx, w.cancel = context.WithCancelCause(s.handling)
	return w
}

// run runs until there is nothing more to receive. A handler that ends its
// goroutine, as FailNow of package testing does, ends it too; then another one goes
// on with what the worker has.
func (w *worker) run() {
	returned := false
	defer func() {
		if !returned {
			w.workers.Go(w.run)
			return
		}
		w.cancel(nil)
		w.hands.remove(w.hand)
	}()
	for {
		if w.current == nil {
			d, err := w.receiver.Next(w.receiving)
			if err != nil {
				w.fail(err)
				break
			}
			w.take(d)
		}
		h := w.current
		if !h.tried {
			h.tried, h.err = true, safe.ErrExited
			h.err = w.handle(h)
			h.handled()
		}
		if w.settle(h) {
			w.hand.release()
			w.current = nil
		}
	}
	returned = true
}

// take begins with a message.
func (w *worker) take(d Delivery) {
	if lost(w.ctx) { // the message before
		w.ctx, w.cancel = context.WithCancelCause(w.handling)
	}
	w.hand.hold(d, w.cancel)
	w.current = &handling{Context: w.ctx, topic: w.topic, partition: w.partition, delivery: d, attempt: d.Attempt()}
}

// lost tells whether another process has taken over the message that is handled
// with ctx.
func lost(ctx context.Context) bool {
	return ctx.Err() != nil && context.Cause(ctx) == ErrLost //nolint:errorlint // the keeper gave it
}

// settle sees to what becomes of a message that was tried. It returns false when
// it is to be tried again here.
func (w *worker) settle(h *handling) bool {
	t, d, id := w.topic, h.delivery, zap.String(fields.Message, h.delivery.Message().ID)
	var err error
	result := observe.Succeeded
	switch {
	case lost(h):
		w.tellLost(h)
		return true
	case h.err == nil:
		t.succeeded.Add(1)
		err = d.Ack(w.settling)
	case w.handling.Err() != nil && t.partitions > 0:
		h.ended(observe.Returned, 0)
		return true // the receiver gives it back in its place
	case w.handling.Err() != nil:
		result = observe.Returned
		err = d.Nack(w.settling, 0)
	case h.attempt >= t.attempts || isPermanent(h.err):
		t.failed.Add(1)
		if err = d.Bury(w.settling, text(h.err)); err != nil {
			break
		}
		t.buried.Add(1)
		t.log.Error("message is a dead letter", append(stack(h.err), id, zap.Int(fields.Attempt, h.attempt), failure(h.err))...)
		h.ended(observe.Buried, 0)
		return true
	default:
		t.failed.Add(1)
		return w.again(h, t.wait(h.attempt))
	}
	switch {
	case err == nil:
		h.ended(result, 0)
		return true
	case errors.Is(err, ErrLost):
		w.tellLost(h)
		return true
	default:
		t.log.Error("message not settled", id, zap.Error(err))
		if h.err == nil {
			h.ended(observe.Unsettled, 0)
			return true // it comes again
		}
		return w.again(h, t.longest)
	}
}

func (w *worker) tellLost(h *handling) {
	w.topic.log.Warn("message lost to another process",
		zap.String(fields.Message, h.delivery.Message().ID), zap.Int(fields.Attempt, h.attempt))
	h.ended(observe.Lost, 0)
}

// again has the message tried again after a while. One that is ordered waits here:
// the engine would let others overtake it.
func (w *worker) again(h *handling, wait time.Duration) bool {
	t, id := w.topic, zap.String(fields.Message, h.delivery.Message().ID)
	t.log.Warn("message failed", append(stack(h.err),
		id, zap.Int(fields.Attempt, h.attempt), zap.Duration(fields.Delay, wait), failure(h.err))...)
	if t.partitions == 0 {
		if err := h.delivery.Nack(w.settling, wait); err != nil {
			t.log.Error("message not settled", id, zap.Error(err))
			h.ended(observe.Unsettled, 0)
			return true
		}
		h.ended(observe.Retried, wait)
		return true
	}
	h.ended(observe.Retried, wait)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		w.current = &handling{Context: h.Context, topic: t, partition: h.partition, delivery: h.delivery, attempt: h.attempt + 1}
		return false
	case <-h.Done(): // lost
	case <-w.receiving.Done(): // the receiver gives it back in its place
	}
	return true
}
