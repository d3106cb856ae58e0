package queuetest

import (
	"strconv"
	"time"

	"github.com/fxhost/fxhost/background/queue"
)

func (b *bench) needsOrder() {
	b.Helper()
	if !b.can.Order {
		b.Skip("the engine says that it keeps no order")
	}
}

func exclusiveKeepsTheOrder(b *bench) {
	b.needsOrder()
	const all = 100
	q := b.open(b.first, b.exclusive())
	for i := range all {
		b.send(q, strconv.Itoa(i))
	}
	holder := b.receive(q, 1)
	other := b.receive(b.open(b.connect(), b.exclusive()), 1)
	d := b.nextIs(holder, "0")
	b.nothing(other, moment)
	b.ack(d)
	// Either may have the next one, but never both.
	for i := 1; i < all; {
		for _, r := range []queue.Receiver{holder, other} {
			d, err := r.Next(b.within(b.takeover / 10))
			if err != nil {
				continue
			}
			if got := string(d.Message().Body); got != strconv.Itoa(i) {
				b.Fatalf("got %q, want %d", got, i)
			}
			i++
			b.ack(d)
		}
	}
}

func exclusiveAcrossClose(b *bench) {
	b.needsOrder()
	q := b.open(b.first, b.exclusive())
	for i := range 12 {
		b.send(q, strconv.Itoa(i))
	}
	want := 0
	drain := func(r queue.Receiver, count int) {
		b.Helper()
		for range count {
			b.ack(b.nextIs(r, strconv.Itoa(want)))
			want++
		}
	}
	r := b.receive(q, 3)
	drain(r, 2)
	b.nextIs(r, "2")
	next := b.receive(b.open(b.connect(), b.exclusive()), 3)
	begin := time.Now()
	b.close(r)
	drain(next, 3)
	if took := time.Since(begin); took > time.Second && took > b.takeover/2 {
		b.Errorf("they came %v after Close, want them at once", took)
	}
	b.close(next)
	if b.Kill == nil {
		return
	}

	dying := b.connect()
	r = b.receive(b.open(dying, b.exclusive()), 3)
	drain(r, 2)
	b.nextIs(r, strconv.Itoa(want))
	begin = time.Now()
	b.Kill(b.T, dying)
	next = b.receive(b.open(b.first, b.exclusive()), 3)
	d := b.nextWithin(next, b.takeover+b.Patience)
	if took := time.Since(begin); took > b.takeover+time.Second {
		b.Errorf("the next one came %v after the death, want it within %v and a second", took, b.takeover)
	}
	if got := string(d.Message().Body); got != strconv.Itoa(want) {
		b.Fatalf("got %q after the death, want %d", got, want)
	}
	b.ack(d)
	want++
	drain(next, 12-want)
}
