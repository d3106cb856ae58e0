package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// MemoryOptions bound the queues of a [Memory].
type MemoryOptions struct {
	// Capacity is how many messages a queue holds. Messages that are delayed or being
	// handled count. Send waits for room. A handler that sends to its own queue may wait
	// for room that only it could make. Default 10,000.
	Capacity int
	// DeadLetters is how many dead letters a queue keeps. If there is no room for another,
	// a message stays in the queue and is tried again, so that none is lost. Default
	// 10,000.
	DeadLetters int
}

func (o MemoryOptions) withDefaults() (MemoryOptions, error) {
	const capacity = 10_000
	if o.Capacity < 0 || o.DeadLetters < 0 {
		return o, fmt.Errorf("queue: MemoryOptions %+v: must not be negative", o)
	}
	if o.Capacity == 0 {
		o.Capacity = capacity
	}
	if o.DeadLetters == 0 {
		o.DeadLetters = capacity
	}
	return o, nil
}

// Memory holds queues in memory. Tests use it to keep messages from one application to
// the next: [Use] with a function that returns Connect().
type Memory struct {
	options MemoryOptions
	err     error // what is wrong with the options

	mu     sync.Mutex
	queues map[string]*memoryQueue
}

// NewMemory returns a Memory without queues. Invalid options are an error of
// [Transport].Open.
func NewMemory(options MemoryOptions) *Memory {
	options, err := options.withDefaults()
	return &Memory{options: options, err: err, queues: map[string]*memoryQueue{}}
}

// Connect returns a new [Transport] to the queues. Each application needs its own, and
// closes it.
func (m *Memory) Connect() Transport {
	return &memoryTransport{memory: m, since: time.Now(), done: make(chan struct{}), receivers: map[*memoryReceiver]struct{}{}}
}

func (m *Memory) open(spec Spec) (*memoryQueue, error) {
	if m.err != nil {
		return nil, m.err
	}
	if err := spec.Validate(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queues[spec.Name]
	if q == nil {
		q = &memoryQueue{spec: spec, options: m.options}
		m.queues[spec.Name] = q
	}
	if q.spec != spec {
		return nil, fmt.Errorf("%w: %+v, not %+v", ErrConflict, q.spec, spec)
	}
	return q, nil
}

type memoryTransport struct {
	memory *Memory
	since  time.Time
	done   chan struct{} // closed by Close

	mu        sync.Mutex
	receivers map[*memoryReceiver]struct{} // those that are open; nil when the transport is closed
}

func (t *memoryTransport) Open(ctx context.Context, spec Spec) (Queue, error) {
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	q, err := t.memory.open(spec)
	if err != nil {
		return nil, err
	}
	return &memoryPort{t, q}, nil
}

func (t *memoryTransport) State() State {
	select {
	case <-t.done:
		return State{Since: t.since, Err: ErrClosed}
	default:
		return State{Connected: true, Since: t.since}
	}
}

func (t *memoryTransport) Capabilities() Capabilities {
	return Capabilities{Engine: "memory", Order: true}
}

func (t *memoryTransport) Close(ctx context.Context) error {
	t.mu.Lock()
	receivers := t.receivers
	if receivers != nil {
		t.receivers = nil
		close(t.done)
	}
	t.mu.Unlock()
	for r := range receivers {
		if err := r.Close(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (t *memoryTransport) check(ctx context.Context) error {
	select {
	case <-t.done:
		return ErrClosed
	default:
		return ctx.Err()
	}
}

// memoryPort is a queue as one transport sees it.
type memoryPort struct {
	transport *memoryTransport
	queue     *memoryQueue
}

// errNobodyTakes is the error of a send whose gone was closed.
var errNobodyTakes = errors.New("queue: nobody takes messages any more")

func (p *memoryPort) Send(ctx context.Context, batch ...*Envelope) error {
	return p.send(ctx, nil, batch)
}

// send does not wait for room any longer when gone is closed.
func (p *memoryPort) send(ctx context.Context, gone <-chan struct{}, batch []*Envelope) error {
	if err := p.transport.check(ctx); err != nil {
		return err
	}
	return p.queue.send(ctx, p.transport.done, gone, batch)
}

func (p *memoryPort) Receive(ctx context.Context, prefetch int) (Receiver, error) {
	if err := p.transport.check(ctx); err != nil {
		return nil, err
	}
	if prefetch < 1 {
		return nil, fmt.Errorf("queue: prefetch %d: must be more than zero", prefetch)
	}
	t, r := p.transport, &memoryReceiver{transport: p.transport, queue: p.queue, prefetch: prefetch}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.receivers == nil {
		return nil, ErrClosed
	}
	t.receivers[r] = struct{}{}
	return r, nil
}

func (p *memoryPort) Stats(ctx context.Context) (Stats, error) {
	if err := p.transport.check(ctx); err != nil {
		return Stats{}, err
	}
	return p.queue.stats(), nil
}

func (p *memoryPort) DeadLetters(ctx context.Context, after string, limit int) ([]DeadLetter, error) {
	if err := p.transport.check(ctx); err != nil {
		return nil, err
	}
	return p.queue.deadLetters(after, limit)
}

func (p *memoryPort) Resend(ctx context.Context, ids ...string) (int, error) {
	if err := p.transport.check(ctx); err != nil {
		return 0, err
	}
	return p.queue.resend(ids), nil
}

func (p *memoryPort) Discard(ctx context.Context, ids ...string) (int, error) {
	if err := p.transport.check(ctx); err != nil {
		return 0, err
	}
	return p.queue.discard(ids), nil
}

// memoryReceiver receives for one transport. Its fields below the blank line are
// guarded by the queue's lock.
type memoryReceiver struct {
	transport *memoryTransport
	queue     *memoryQueue
	prefetch  int

	unsettled int
	closed    bool
}

func (r *memoryReceiver) Next(ctx context.Context) (Delivery, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r.queue.next(ctx, r)
}

func (r *memoryReceiver) Close(context.Context) error {
	r.transport.mu.Lock()
	delete(r.transport.receivers, r)
	r.transport.mu.Unlock()
	r.queue.close(r)
	return nil
}
