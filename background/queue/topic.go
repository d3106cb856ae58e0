package queue

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/observe"
)

// topic is a type of message in one application.
type topic struct {
	settings
	message    reflect.Type
	handled    bool // by Handle
	transport  Transport
	own        bool // nobody else uses the transport
	can        Capabilities
	propagator Propagator
	observers  observe.Observers
	log        *zap.Logger

	opening  chan struct{} // holds one value, while nobody opens
	queues   atomic.Pointer[[]Queue]
	consumed atomic.Bool // somebody has the Consumer
	taking   taking      // over when nobody handles or receives any more

	succeeded, failed, buried atomic.Uint64
}

type topicParams struct {
	fx.In

	Lifecycle  fx.Lifecycle
	Lifetime   *hosted.ApplicationLifetime
	Factory    *scope.Factory
	Log        *zap.Logger
	Transport  Transport           `optional:"true"`
	Propagator Propagator          `optional:"true"`
	Observers  []*observe.Observer `group:"fxhost.observers"`
	Names      []string            `group:"fxhost.queue.names"`
}

// newTopic returns a topic, whose err is what is wrong with it.
func newTopic(in topicParams, s settings, message reflect.Type, handled bool) *topic {
	t := &topic{
		settings: s, message: message, handled: handled, transport: in.Transport, propagator: in.Propagator, observers: in.Observers,
		log: category.Named(in.Log, "queue."+s.name), opening: make(chan struct{}, 1),
	}
	t.opening <- struct{}{}
	if t.propagator == nil {
		t.propagator = passOn{}
	}
	if t.transport == nil {
		t.transport, t.own = NewMemory(MemoryOptions{}).Connect(), true
	}
	t.can = t.transport.Capabilities()
	if t.takeover == 0 {
		t.takeover = max(30*time.Second, t.can.MinTakeover)
	}
	t.err = t.check(in.Names)
	in.Lifetime.OnStopping(func(context.Context) { t.taking.endUnlessBegun() })
	in.Lifecycle.Append(fx.StopHook(t.close))
	return t
}

// close is called when everybody who has the Sender or Consumer has stopped.
func (t *topic) close(ctx context.Context) error {
	t.taking.end()
	if !t.can.Durable {
		stats, err := t.stats(ctx)
		if left := stats.Ready + stats.InFlight + stats.Delayed; err == nil && left > 0 {
			t.log.Warn("messages left in memory", zap.Int64(fields.Messages, left))
		}
	}
	if t.own {
		return t.transport.Close(ctx)
	}
	return nil
}

// check tells which name of a queue another type of message has, too, or what the
// engine cannot do of what is asked for.
func (t *topic) check(names []string) error {
	for _, name := range t.queueNames() {
		others := slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other != name })
		if len(others) > 1 {
			return fmt.Errorf("another type of message has the queue %q, too: give one of them another with queue.Name", name)
		}
	}
	switch {
	case t.partitions > 0 && !t.can.Order:
		return fmt.Errorf("queue.Ordered: %s keeps no order; memory, nats, redis and rabbitmq do", t.can.Engine)
	case t.takeover < t.can.MinTakeover:
		return fmt.Errorf("queue.Takeover(%v): %s cannot take over within less than %v", t.takeover, t.can.Engine, t.can.MinTakeover)
	case t.can.MaxHandling > 0 && t.timeout > t.can.MaxHandling:
		return fmt.Errorf("queue.Timeout(%v): a message may be with a handler for %v in %s", t.timeout, t.can.MaxHandling, t.can.Engine)
	case t.can.MaxHandling > 0 && t.partitions > 0 && t.longest >= t.can.MaxHandling:
		return fmt.Errorf("queue.Backoff(%v, %v): an ordered message waits with its handler, in %s for at most %v",
			t.first, t.longest, t.can.Engine, t.can.MaxHandling)
	}
	return nil
}

// open opens the queues, once. Who comes while another does waits for that.
func (t *topic) open(ctx context.Context) ([]Queue, error) {
	if t.err != nil { // the build has failed for it
		return nil, t.err
	}
	if queues := t.queues.Load(); queues != nil {
		return *queues, nil
	}
	select {
	case <-t.opening:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { t.opening <- struct{}{} }()
	if queues := t.queues.Load(); queues != nil {
		return *queues, nil
	}
	var queues []Queue
	for _, name := range t.queueNames() {
		q, err := t.transport.Open(ctx, Spec{Name: name, Takeover: t.takeover, Exclusive: t.partitions > 0})
		if err != nil {
			return nil, fmt.Errorf("queue: open %q: %w", name, err)
		}
		queues = append(queues, q)
	}
	t.queues.Store(&queues)
	return queues, nil
}

// partition is the number of the queue for a key.
func (t *topic) partition(key string) int {
	if t.partitions == 0 {
		return 0
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(key))
	return int(hash.Sum32() % uint32(t.partitions)) //nolint:gosec // it is more than zero and not large
}

// takers tells why nobody will take a message that is sent now, nil if somebody
// might.
func (t *topic) takers() error {
	switch {
	case t.can.Durable:
		return nil
	case t.taking.isOver():
		return t.takersGone()
	case t.handled || t.consumed.Load():
		return nil
	}
	return fmt.Errorf("queue: send %v: nobody handles it: replace queue.Declare by queue.Handle[%v](constructor), "+
		"take a queue.Consumer[%v] to receive it in a loop, or add an engine that other programs reach, because %s does not leave this one",
		t.message, t.message, t.message, t.can.Engine)
}

// takersGone is the error of a message that nobody will take any more.
func (t *topic) takersGone() error {
	return fmt.Errorf("queue: send %v: %w: the host is stopping, nobody takes these messages any more, and %s keeps none for later",
		t.message, ErrClosed, t.can.Engine)
}

// decode returns a permanent error if the body is no message.
func (t *topic) decode(e *Envelope, message any) (err error) {
	defer recovered(&err)
	if e.Type != "" && e.Type != t.name {
		return Permanent(fmt.Errorf("queue: message is a %q, want a %q", e.Type, t.name))
	}
	if want := t.codec.ContentType(); e.ContentType != "" && e.ContentType != want {
		return Permanent(fmt.Errorf("queue: content type is %q, want %q", e.ContentType, want))
	}
	if err := t.codec.Unmarshal(e.Body, message); err != nil {
		return Permanent(fmt.Errorf("queue: body does not decode: %w", err))
	}
	return nil
}

// Permanent marks the error of a [Handler] as one that another attempt would not
// change. The message becomes a dead letter immediately. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

type permanent struct{ error }

func (p *permanent) Unwrap() error { return p.error }

func isPermanent(err error) (is bool) {
	var p *permanent
	defer func() { _ = recover() }() // a method of the user's error may panic
	return errors.As(err, &p)
}
