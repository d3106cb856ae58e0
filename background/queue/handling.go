package queue

import (
	"context"
	"time"

	"github.com/fxhost/fxhost/internal/observe"
)

// handling is a message that is with a handler. It is also the context of it.
type handling struct {
	context.Context //nolint:containedctx // it is one

	topic     *topic
	partition int
	delivery  Delivery
	attempt   int
	tried     bool // this attempt has begun
	err       error
	watched   *watched // nil if nobody watches
}

func (h *handling) Value(key any) any {
	if _, ok := key.(infoKey); ok {
		return h
	}
	return h.Context.Value(key)
}

// observe tells the observers that an attempt begins. It returns the context for
// the handler.
func (h *handling) observe(ctx context.Context) context.Context {
	ctx, h.watched = h.topic.observe(ctx, h.delivery.Message(), h.partition, h.attempt, false)
	return ctx
}

// handled is called when the handler has returned.
func (h *handling) handled() {
	if h.watched != nil {
		h.watched.took = time.Since(h.watched.begun)
	}
}

// ended is called when it is known what becomes of the message.
func (h *handling) ended(result observe.Result, delay time.Duration) {
	if h.watched != nil {
		h.watched.tell(result, h.err, delay)
	}
}

// watched is an attempt that somebody watches.
type watched struct {
	begun time.Time
	took  time.Duration // 0 until the handler has returned
	end   func(observe.DeliveryEnd)
}

func (t *topic) observe(ctx context.Context, e *Envelope, partition, attempt int, loop bool) (context.Context, *watched) {
	w := &watched{begun: time.Now()}
	ctx, w.end = t.observers.BeginHandle(ctx, observe.Delivery{
		Queue: t.name, Partition: partition, Engine: t.can.Engine, Type: t.message.String(), ID: e.ID, Key: e.Key,
		Headers: e.Headers, Sent: e.Sent, Bytes: len(e.Body), Attempt: attempt, Loop: loop,
		Delayed: e.Delay > 0,
	})
	if w.end == nil {
		return ctx, nil
	}
	return ctx, w
}

func (w *watched) tell(result observe.Result, err error, delay time.Duration) {
	if w.took == 0 { // the handler has ended its goroutine, or there is none
		w.took = time.Since(w.begun)
	}
	w.end(observe.DeliveryEnd{Result: result, Err: err, Took: w.took, Delay: delay})
}
