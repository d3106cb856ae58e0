package queue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"time"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/observe"
)

// Sender sends messages of type M. [Handle] and [Declare] make it injectable. Safe
// for concurrent use.
type Sender[M any] interface {
	// Send returns nil when the engine has stored the message. The message is handled
	// later, possibly by another process. In memory, Send waits for room; it returns
	// [ErrClosed] when the host stops. After an error, the message may still have been
	// stored.
	Send(ctx context.Context, message M, options ...SendOption) error

	// SendAll sends several messages with the same options. After an error, any of them
	// may have been stored.
	SendAll(ctx context.Context, messages []M, options ...SendOption) error

	// Invoke calls the handler immediately, in a scope of its own, and returns its
	// error. The message is neither sent nor tried again. It is an error if the program
	// does not handle the message with [Handle]. A panic of the handler is returned as a
	// *hosted.PanicError.
	Invoke(ctx context.Context, message M) error
}

// SendOption is an option of one call of Send or SendAll.
type SendOption interface{ applyTo(*sending) }

type sendOptionFunc func(*sending)

func (f sendOptionFunc) applyTo(s *sending) { f(s) }

type sending struct {
	delay   time.Duration
	key     string
	id      string
	headers map[string]string
	tx      any
}

// Delay holds a message back for this long after Send. Zero or less means not at all.
func Delay(delay time.Duration) SendOption {
	return sendOptionFunc(func(s *sending) { s.delay = delay })
}

// Key sets the key of a message of an [Ordered] type. It takes precedence over [KeyBy].
func Key(key string) SendOption { return sendOptionFunc(func(s *sending) { s.key = key }) }

// ID sets the ID of a message, so that it can be sent again after an error. An engine
// with [Capabilities].Dedup drops the second one; otherwise the message may be handled
// twice. Default is a random ID. SendAll does not accept it.
func ID(id string) SendOption { return sendOptionFunc(func(s *sending) { s.id = id }) }

// Header adds a header to the message. The handler finds it with [From].
func Header(name, value string) SendOption {
	return sendOptionFunc(func(s *sending) {
		if s.headers == nil {
			s.headers = map[string]string{}
		}
		s.headers[name] = value
	})
}

// Tx sends the message in a transaction of the engine's database, such as a pgx.Tx. It
// is sent when the transaction commits. It is an error if the engine has no
// transactions, as memory.
func Tx(tx any) SendOption { return sendOptionFunc(func(s *sending) { s.tx = tx }) }

// topicOf is a topic for those who know the type.
type topicOf[M any] struct {
	*topic

	factory *scope.Factory
}

func (t *topicOf[M]) Send(ctx context.Context, message M, options ...SendOption) error {
	s, err := t.newSending(options)
	if err != nil {
		return err
	}
	if s.id == "" {
		s.id = newID()
	}
	ctx, end := t.beginSend(ctx, s.id, 1)
	e, err := t.envelope(ctx, &s, message)
	if err == nil {
		err = t.send(ctx, s.tx, e)
	}
	if end != nil {
		end(err)
	}
	return err
}

func (t *topic) beginSend(ctx context.Context, id string, messages int) (context.Context, func(error)) {
	if len(t.observers) == 0 {
		return ctx, nil
	}
	return t.observers.BeginSend(ctx,
		observe.Send{Queue: t.name, Engine: t.can.Engine, Type: t.message.String(), ID: id, Messages: messages})
}

func (t *topicOf[M]) SendAll(ctx context.Context, messages []M, options ...SendOption) error {
	s, err := t.newSending(options)
	if err != nil {
		return err
	}
	if s.id != "" {
		return fmt.Errorf("queue: send %v: queue.ID is for one message: use Send", t.message)
	}
	ctx, end := t.beginSend(ctx, "", len(messages))
	err = t.sendAll(ctx, &s, messages)
	if end != nil {
		end(err)
	}
	return err
}

func (t *topicOf[M]) sendAll(ctx context.Context, s *sending, messages []M) error {
	batches := make([][]*Envelope, max(1, t.partitions))
	for _, message := range messages {
		e, err := t.envelope(ctx, s, message)
		if err != nil {
			return err
		}
		i := t.partition(e.Key)
		batches[i] = append(batches[i], e)
	}
	for _, batch := range batches {
		if len(batch) > 0 {
			if err := t.send(ctx, s.tx, batch...); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *topic) newSending(options []SendOption) (sending, error) {
	if len(options) == 0 {
		return sending{}, nil
	}
	var s sending
	for i, option := range options {
		if option == nil {
			return s, fmt.Errorf("queue: send %v: option %d is nil", t.message, i+1)
		}
		option.applyTo(&s)
	}
	return s, nil
}

func (t *topicOf[M]) envelope(ctx context.Context, s *sending, message M) (*Envelope, error) {
	key := s.key
	if of, ok := t.key.(func(M) string); ok && key == "" {
		key = of(message)
	}
	switch {
	case t.partitions > 0 && key == "":
		return nil, fmt.Errorf("queue: send %v: it is ordered and has no key: use queue.Key, or queue.KeyBy with queue.Ordered", t.message)
	case t.partitions == 0 && key != "":
		return nil, fmt.Errorf("queue: send %v: queue.Key is for messages that are ordered: add queue.Ordered to its options", t.message)
	case s.delay > 0 && t.partitions > 0:
		return nil, fmt.Errorf("queue: send %v: queue.Delay with queue.Ordered: it would lose its place", t.message)
	}
	body, err := t.codec.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("queue: send %v: %w", t.message, err)
	}
	e := &Envelope{
		ID: s.id, Type: t.name, Key: key, ContentType: t.codec.ContentType(), Headers: t.headers(ctx, s), Body: body,
		Sent: time.Now(), Delay: s.delay,
	}
	if e.ID == "" {
		e.ID = newID()
	}
	return e, nil
}

// newID returns 125 random bits: nobody has to guess them, they only have to differ.
func newID() string {
	const digits, each = "0123456789abcdefghijklmnopqrstuv", 12 // of 64 bits
	var id [25]byte
	var bits uint64
	for i := range id {
		if i%each == 0 {
			bits = rand.Uint64()
		}
		id[i] = digits[bits%uint64(len(digits))]
		bits /= uint64(len(digits))
	}
	return string(id[:])
}

// headers are nil if there are none, which is the usual case.
func (t *topic) headers(ctx context.Context, s *sending) map[string]string {
	if _, ok := t.propagator.(passOn); ok && s.headers == nil {
		if info, ok := From(ctx); !ok || len(info.Headers) == 0 {
			return nil
		}
	}
	headers := map[string]string{}
	t.propagator.Inject(ctx, headers)
	maps.Copy(headers, s.headers)
	return headers
}

// send sends a batch to the queue of its key.
func (t *topic) send(ctx context.Context, tx any, batch ...*Envelope) error {
	if err := t.takers(); err != nil {
		return err
	}
	queues, err := t.open(ctx)
	if err != nil {
		return err
	}
	q := queues[t.partition(batch[0].Key)]
	if tx == nil {
		err = t.sendTo(ctx, q, batch)
	} else if sender, ok := q.(TxSender); ok {
		err = sender.SendTx(ctx, tx, batch...)
	} else {
		err = fmt.Errorf("%s cannot send in a transaction", t.can.Engine)
	}
	switch {
	case errors.Is(err, errNobodyTakes):
		return t.takersGone()
	case err != nil:
		return fmt.Errorf("queue: send %v: %w", t.message, err)
	}
	return nil
}

// sendTo has a Send that waits for room in memory end when nobody will make any.
func (t *topic) sendTo(ctx context.Context, q Queue, batch []*Envelope) error {
	if memory, ok := q.(*memoryPort); ok {
		return memory.send(ctx, t.taking.ended(), batch)
	}
	return q.Send(ctx, batch...)
}

func (t *topicOf[M]) Invoke(ctx context.Context, message M) (err error) {
	defer recovered(&err)
	if !t.handled {
		return fmt.Errorf("queue: invoke %v: this program does not handle it: replace queue.Declare by queue.Handle[%v](constructor)",
			t.message, t.message)
	}
	return t.run(ctx, message)
}

// run has message handled in a scope of its own.
func (t *topicOf[M]) run(ctx context.Context, message M) error {
	if t.timeout > 0 {
		limited, cancel := context.WithTimeoutCause(ctx, t.timeout, t.tooLong())
		defer cancel()
		ctx = limited
	}
	err := scope.Do(ctx, t.factory, func(ctx context.Context, h Handler[M]) error { return h.Handle(ctx, message) })
	if err != nil && t.timeout > 0 && errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", context.Cause(ctx), err)
	}
	return err
}
