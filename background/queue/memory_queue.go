package queue

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"
)

// memoryQueue is one queue of a Memory. Whenever a message or a receiver becomes
// free, dispatch brings the two together, under the lock.
type memoryQueue struct {
	spec    Spec
	options MemoryOptions

	mu      sync.Mutex
	stored  int // messages, but for dead letters, and room that was granted
	places  uint64
	ready   ring // by place
	delayed delayedMessages
	held    heldDeliveries // by deadline
	owner   *memoryReceiver
	waiting []*waitingNext
	senders []chan struct{} // of those that wait for room: closed when it is granted
	dead    memoryDead

	timer   *time.Timer
	wakesAt time.Time // zero if the timer does not run
}

// memoryMessage is a message that is ready, delayed or held.
type memoryMessage struct {
	envelope *Envelope
	attempts int
	place    uint64    // in the order
	since    time.Time // when it became ready, or will
}

// waitingNext is a call of Next that waits.
type waitingNext struct {
	receiver *memoryReceiver
	over     chan struct{} // closed when it has one of the next two
	delivery *memoryDelivery
	err      error
}

func (q *memoryQueue) send(ctx context.Context, closed, gone <-chan struct{}, batch []*Envelope) error {
	for len(batch) > 0 {
		q.mu.Lock()
		now := time.Now()
		for len(batch) > 0 && q.stored < q.options.Capacity {
			q.stored++
			q.put(batch[0], now)
			batch = batch[1:]
		}
		q.dispatch()
		if len(batch) == 0 {
			q.mu.Unlock()
			break
		}
		room := make(chan struct{})
		q.senders = append(q.senders, room)
		q.mu.Unlock()
		if err := q.awaitRoom(ctx, closed, gone, room); err != nil {
			return err
		}
		q.mu.Lock()
		now = time.Now()
		q.put(batch[0], now)
		batch = batch[1:]
		q.dispatch()
		q.mu.Unlock()
	}
	return nil
}

func (q *memoryQueue) awaitRoom(ctx context.Context, closed, gone <-chan struct{}, room chan struct{}) error {
	var err error
	select {
	case <-room:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-closed:
		err = ErrClosed
	case <-gone:
		err = errNobodyTakes
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.senders, room); i >= 0 {
		q.senders = slices.Delete(q.senders, i, i+1)
		return err
	}
	q.leave() // it was granted meanwhile
	return err
}

// put stores a message for which there is room.
func (q *memoryQueue) put(envelope *Envelope, now time.Time) {
	m := &memoryMessage{envelope: envelope, since: now.Add(max(0, envelope.Delay))}
	if envelope.Delay > 0 {
		q.delay(m)
		return
	}
	q.append(m)
}

// append makes m ready, behind all others.
func (q *memoryQueue) append(m *memoryMessage) {
	q.places++
	m.place = q.places
	q.ready.push(m)
}

// delay holds m back until its time.
func (q *memoryQueue) delay(m *memoryMessage) {
	q.places++
	m.place = q.places
	heap.Push(&q.delayed, m)
	q.wakeAt(m.since)
}

// leave is called when a message has left, to grant its room to the next sender.
func (q *memoryQueue) leave() {
	if len(q.senders) == 0 || q.stored > q.options.Capacity {
		q.stored--
		return
	}
	close(q.senders[0])
	q.senders = slices.Delete(q.senders, 0, 1)
}

func (q *memoryQueue) next(ctx context.Context, r *memoryReceiver) (Delivery, error) {
	q.mu.Lock()
	if r.closed {
		q.mu.Unlock()
		return nil, ErrClosed
	}
	if q.ready.len > 0 && q.free(r) {
		d := q.hand(r)
		q.mu.Unlock()
		return d, nil
	}
	w := &waitingNext{receiver: r, over: make(chan struct{})}
	q.waiting = append(q.waiting, w)
	q.mu.Unlock()

	select {
	case <-w.over:
	case <-ctx.Done():
		q.mu.Lock()
		if i := slices.Index(q.waiting, w); i >= 0 {
			q.waiting = slices.Delete(q.waiting, i, i+1)
			w.err = ctx.Err()
		}
		q.mu.Unlock()
	}
	if w.err != nil {
		return nil, w.err
	}
	return w.delivery, nil
}

// free tells whether r may have another message.
func (q *memoryQueue) free(r *memoryReceiver) bool {
	return r.unsettled < r.prefetch && (!q.spec.Exclusive || q.owner == nil || q.owner == r)
}

// dispatch hands out what is ready to those who wait.
func (q *memoryQueue) dispatch() {
	for i := 0; i < len(q.waiting) && q.ready.len > 0; {
		w := q.waiting[i]
		if !q.free(w.receiver) {
			i++
			continue
		}
		q.waiting = slices.Delete(q.waiting, i, i+1)
		w.delivery = q.hand(w.receiver)
		close(w.over)
	}
}

// hand hands the first message that is ready to r.
func (q *memoryQueue) hand(r *memoryReceiver) *memoryDelivery {
	m := q.ready.pop()
	m.attempts++
	r.unsettled++
	if q.spec.Exclusive {
		q.owner = r
	}
	d := &memoryDelivery{
		queue: q, receiver: r, message: m, attempt: m.attempts, deadline: time.Now().Add(q.spec.Takeover),
	}
	q.held.append(d)
	q.wakeAt(d.deadline)
	return d
}

// take takes d back from its receiver.
func (q *memoryQueue) take(d *memoryDelivery) {
	q.held.remove(d)
	d.over = true
	d.receiver.unsettled--
	if q.owner == d.receiver && d.receiver.unsettled == 0 {
		q.owner = nil
	}
}

// close takes everything back from r, and ends its calls of Next.
func (q *memoryQueue) close(r *memoryReceiver) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r.closed = true
	for d := q.held.first; d != nil; {
		following := d.next
		if d.receiver == r {
			q.take(d)
			d.message.attempts-- // it was not tried
			q.ready.insert(d.message)
		}
		d = following
	}
	q.waiting = slices.DeleteFunc(q.waiting, func(w *waitingNext) bool {
		if w.receiver != r {
			return false
		}
		w.err = ErrClosed
		close(w.over)
		return true
	})
	q.dispatch()
}

// wakeAt has wake called at that time, or earlier. A timer that runs longer than
// it has to costs less than one that is set for every message.
func (q *memoryQueue) wakeAt(at time.Time) {
	if !q.wakesAt.IsZero() && !at.Before(q.wakesAt) {
		return
	}
	q.wakesAt = at
	if q.timer == nil {
		q.timer = time.AfterFunc(time.Until(at), q.wake)
	} else {
		q.timer.Reset(time.Until(at))
	}
}

// wake makes ready what was delayed until now, or whose receiver has been silent
// for too long.
func (q *memoryQueue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	q.wakesAt = time.Time{}
	for len(q.delayed) > 0 && !now.Before(q.delayed[0].since) {
		q.append(heap.Pop(&q.delayed).(*memoryMessage)) //nolint:forcetypeassert // by the type of the heap
	}
	for d := q.held.first; d != nil && !now.Before(d.deadline); d = q.held.first {
		q.take(d)
		q.ready.insert(d.message)
	}
	q.dispatch()
	if len(q.delayed) > 0 {
		q.wakeAt(q.delayed[0].since)
	}
	if q.held.first != nil {
		q.wakeAt(q.held.first.deadline)
	}
}

func (q *memoryQueue) stats() Stats {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := Stats{
		Ready: int64(q.ready.len), InFlight: int64(q.held.len), Delayed: int64(len(q.delayed)), Dead: int64(len(q.dead.letters)),
	}
	if q.ready.len > 0 {
		s.Oldest = time.Since(q.ready.first().since)
	}
	return s
}
