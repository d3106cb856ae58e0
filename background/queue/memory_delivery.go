package queue

import (
	"context"
	"time"
)

// memoryDelivery is a message that a receiver holds. Its fields below the blank
// line are guarded by the queue's lock.
type memoryDelivery struct {
	queue    *memoryQueue
	receiver *memoryReceiver
	message  *memoryMessage
	attempt  int

	over           bool // settled or taken back
	deadline       time.Time
	next, previous *memoryDelivery
}

func (d *memoryDelivery) Message() *Envelope { return d.message.envelope }
func (d *memoryDelivery) Attempt() int       { return d.attempt }

func (d *memoryDelivery) Ack(context.Context) error {
	return d.settle(func(q *memoryQueue) error {
		q.leave()
		return nil
	})
}

func (d *memoryDelivery) Nack(_ context.Context, delay time.Duration) error {
	return d.settle(func(q *memoryQueue) error {
		d.message.since = time.Now().Add(max(0, delay))
		if delay > 0 {
			q.delay(d.message)
		} else {
			q.append(d.message)
		}
		return nil
	})
}

func (d *memoryDelivery) Bury(_ context.Context, reason string) error {
	return d.settle(func(q *memoryQueue) error {
		if err := q.dead.add(d.message, reason, time.Now(), q.options.DeadLetters); err != nil {
			return err
		}
		q.leave()
		return nil
	})
}

func (d *memoryDelivery) Extend(context.Context) error {
	q := d.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if d.over {
		return ErrLost
	}
	d.deadline = time.Now().Add(q.spec.Takeover)
	q.held.remove(d)
	q.held.append(d)
	return nil
}

// settle takes d from its receiver when to has put its message elsewhere.
func (d *memoryDelivery) settle(to func(q *memoryQueue) error) error {
	q := d.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if d.over {
		return ErrLost
	}
	if err := to(q); err != nil {
		return err
	}
	q.take(d)
	q.dispatch()
	return nil
}

// heldDeliveries is a list by deadline, which all are extended by the same time.
type heldDeliveries struct {
	first, last *memoryDelivery
	len         int
}

func (l *heldDeliveries) append(d *memoryDelivery) {
	d.next, d.previous = nil, l.last
	if l.last == nil {
		l.first = d
	} else {
		l.last.next = d
	}
	l.last = d
	l.len++
}

func (l *heldDeliveries) remove(d *memoryDelivery) {
	if d.previous == nil {
		l.first = d.next
	} else {
		d.previous.next = d.next
	}
	if d.next == nil {
		l.last = d.previous
	} else {
		d.next.previous = d.previous
	}
	d.next, d.previous = nil, nil
	l.len--
}
