package queue

import (
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/observe"
)

// Consumer receives messages of type M in a loop. [Declare] makes it injectable.
type Consumer[M any] interface {
	// All receives messages until ctx ends or the loop is left. Each message must be
	// settled with Ack, Nack or Bury. At most [Prefetch] messages are with the loop; those
	// that are not settled at its end are given back. A message that does not decode
	// becomes a dead letter, and is not returned. An error ends the loop: the engine
	// cannot receive any more.
	All(ctx context.Context) iter.Seq2[*Received[M], error]
}

// Received is a message that a [Consumer] has received.
type Received[M any] struct {
	Info

	Message M

	hand     *hand
	delivery Delivery
}

// settle settles r by do. result and what follows is what the observers are told.
func (r *Received[M]) settle(do func(Delivery) error, result observe.Result, reason error, delay time.Duration) error {
	defer r.hand.keeper.remove(r.hand)
	err := do(r.delivery)
	if w := r.hand.takeWatched(); w != nil {
		switch {
		case errors.Is(err, ErrLost):
			result = observe.Lost
		case err != nil:
			result = observe.Unsettled
		}
		w.tell(result, reason, delay)
	}
	return err
}

// Ack removes the message from the queue, because it is done.
func (r *Received[M]) Ack(ctx context.Context) error {
	return r.settle(func(d Delivery) error { return d.Ack(ctx) }, observe.Succeeded, nil, 0)
}

// Nack gives the message back. It is delivered again after delay, possibly to another
// process. A message of an [Ordered] type loses its place.
func (r *Received[M]) Nack(ctx context.Context, delay time.Duration) error {
	return r.settle(func(d Delivery) error { return d.Nack(ctx, delay) }, observe.Retried, nil, delay)
}

// Bury makes the message a dead letter.
func (r *Received[M]) Bury(ctx context.Context, reason string) error {
	return r.settle(func(d Delivery) error { return d.Bury(ctx, reason) }, observe.Buried, errors.New(reason), 0)
}

func newConsumer[M any](t *topicOf[M]) Consumer[M] {
	t.consumed.Store(true)
	return t
}

func (t *topicOf[M]) All(ctx context.Context) iter.Seq2[*Received[M], error] {
	return func(yield func(*Received[M], error) bool) {
		if err := t.loop(ctx, yield); err != nil && ctx.Err() == nil {
			yield(nil, err)
		}
	}
}

// loop returns the error that ended it, unless yield did.
func (t *topicOf[M]) loop(ctx context.Context, yield func(*Received[M], error) bool) (err error) {
	queues, err := t.open(ctx)
	if err != nil {
		return err
	}
	forever := context.WithoutCancel(ctx)
	ctx, cancel := context.WithCancelCause(ctx)
	var (
		wg        sync.WaitGroup
		keeper    = &keeper{}
		receivers []Receiver
		received  = make(chan *hand)
	)
	left := false // by the loop, which must not be given anything any more
	defer func() {
		cancel(nil)
		wg.Wait()
		closed := closeAll(forever, receivers)
		for _, h := range keeper.all() { // given back
			if w := h.takeWatched(); w != nil {
				w.tell(observe.Returned, nil, 0)
			}
		}
		switch {
		case !left:
			err = errors.Join(err, closed)
		case closed != nil:
			t.log.Warn("receiver not closed", zap.Error(closed))
		}
	}()
	for _, q := range queues {
		r, err := q.Receive(ctx, t.prefetch)
		if err != nil {
			return err
		}
		receivers = append(receivers, r)
	}
	for partition, r := range receivers {
		wg.Go(func() { cancel(forward(ctx, r, keeper, partition, received)) })
	}
	wg.Go(func() { keeper.run(ctx, t.takeover) })
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case h := <-received:
			if r := t.received(forever, h); r != nil && !yield(r, nil) {
				left = true
				return nil
			}
		}
	}
}

// forward sends what r receives to received, until ctx ends or r fails.
func forward(ctx context.Context, r Receiver, keeper *keeper, partition int, received chan<- *hand) error {
	for {
		d, err := r.Next(ctx)
		if err != nil {
			return err
		}
		h := keeper.hand()
		h.partition = partition
		h.hold(d, func(error) {})
		select {
		case received <- h:
		case <-ctx.Done():
			return nil
		}
	}
}

// received returns nil if the body does not decode.
func (t *topicOf[M]) received(ctx context.Context, h *hand) *Received[M] {
	d := h.delivery
	e := d.Message()
	r := &Received[M]{Info: t.info(e, d.Attempt()), hand: h, delivery: d}
	if len(t.observers) > 0 {
		_, w := t.observe(ctx, e, h.partition, r.Attempt, true)
		h.setWatched(w)
	}
	err := t.decode(e, &r.Message)
	if err == nil {
		return r
	}
	id := zap.String(fields.Message, e.ID)
	bury := func(d Delivery) error { return d.Bury(ctx, text(err)) }
	if buried := r.settle(bury, observe.Buried, err, 0); buried != nil {
		t.log.Error("message not settled", id, zap.Error(buried))
		return nil
	}
	t.buried.Add(1)
	t.log.Error("message is a dead letter", append(stack(err), id, zap.Int(fields.Attempt, r.Attempt), failure(err))...)
	return nil
}
