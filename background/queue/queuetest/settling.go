package queuetest

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/fxhost/fxhost/background/queue"
)

func whatWasAckedNeverComesAgain(b *bench) {
	q := b.queue()
	r := b.receive(q, 50)
	for i := range 200 {
		b.send(q, strconv.Itoa(i))
	}
	for range 200 {
		b.ack(b.next(r))
	}
	b.close(r)
	b.must(b.first.Close(b.soon()))
	b.nothing(b.receive(b.open(b.connect(), b.spec()), 1), b.takeover+time.Second)
}

func nackHoldsBack(b *bench) {
	const delay = time.Second
	q := b.queue()
	r := b.receive(q, 1)
	b.send(q, "a", "b", "c")
	for range 3 {
		b.must(b.next(r).Nack(b.soon(), time.Hour))
	}
	b.send(q, "d")
	d := b.nextIs(r, "d") // there is a place for it
	begin := time.Now()
	b.must(d.Nack(b.soon(), 0))
	if d = b.nextIs(r, "d"); time.Since(begin) > b.can.DelayGrain+time.Second {
		b.Errorf("came after %v, want it at once", time.Since(begin))
	}
	begin = time.Now()
	b.must(d.Nack(b.soon(), delay))
	d = b.nextWithin(r, delay+b.can.DelayGrain+b.Patience)
	b.punctual(time.Since(begin), delay)
	b.ack(d)
}

func buryTakesAnyReason(b *bench) {
	q := b.queue()
	r := b.receive(q, 1)
	for _, reason := range []string{
		"", "line\nline\ttab \"quoted\"", "a NUL \x00 within", "not UTF-8 \xff\xfe", strings.Repeat("long ", 2000),
	} {
		b.send(q, reason)
		b.must(b.nextIs(r, reason).Bury(b.soon(), reason))
		letters, err := q.DeadLetters(b.soon(), "", 10)
		b.must(err)
		if len(letters) != 1 {
			b.Fatalf("%d dead letters after one with the reason %.30q", len(letters), reason)
		}
		if got := string(letters[0].Message.Body); got != reason {
			b.Errorf("body %.30q, want %.30q", got, reason)
		}
		// What the engine cannot write may be missing, the rest may not.
		if plain := strings.Trim(strings.Split(reason, " ")[0], "\n\t"); !strings.HasPrefix(letters[0].Reason, plain) {
			b.Errorf("reason %.30q, want %.30q", letters[0].Reason, reason)
		}
		if n, err := q.Discard(b.soon(), letters[0].ID); n != 1 || err != nil {
			b.Errorf("discarded %d, %v", n, err)
		}
	}
	b.nothing(r, moment)
}

func extendStartsTheTakeoverAnew(b *bench) {
	q := b.queue()
	b.send(q, "m")
	r := b.receive(q, 1)
	d := b.nextIs(r, "m")
	for range 4 {
		b.nothing(r, b.takeover/2)
		b.must(d.Extend(b.soon()))
	}
	b.ack(d)
	if err := d.Extend(b.soon()); !errors.Is(err, queue.ErrLost) {
		b.Errorf("error %v of an Extend after Ack, want ErrLost", err)
	}
}

// settlements are all ways to settle a delivery.
func settlements() map[string]func(context.Context, queue.Delivery) error {
	return map[string]func(context.Context, queue.Delivery) error{
		"Ack":    func(ctx context.Context, d queue.Delivery) error { return d.Ack(ctx) },
		"Nack":   func(ctx context.Context, d queue.Delivery) error { return d.Nack(ctx, 0) },
		"Bury":   func(ctx context.Context, d queue.Delivery) error { return d.Bury(ctx, "stale") },
		"Extend": func(ctx context.Context, d queue.Delivery) error { return d.Extend(ctx) },
	}
}

func aStaleSettlement(b *bench) {
	q := b.queue()
	r := b.receive(q, 1)
	stale := func(d queue.Delivery, why string) {
		b.Helper()
		for name, settle := range settlements() {
			if err := settle(b.soon(), d); !errors.Is(err, queue.ErrLost) {
				b.Errorf("%s of a delivery that is %s: error %v, want ErrLost", name, why, err)
			}
		}
	}
	b.send(q, "acked")
	acked := b.nextIs(r, "acked")
	b.ack(acked)
	b.send(q, "nacked")
	nacked := b.nextIs(r, "nacked")
	b.must(nacked.Nack(b.soon(), 0))
	again := b.nextIs(r, "nacked")
	stale(acked, "acked")
	stale(nacked, "nacked, and held anew")
	b.must(again.Bury(b.soon(), "enough"))
	stale(again, "buried")

	b.send(q, "closed")
	closed := b.nextIs(r, "closed")
	b.close(r)
	other := b.receive(b.open(b.connect(), b.spec()), 1)
	again = b.nextIs(other, "closed")
	stale(closed, "of a closed receiver")
	b.must(again.Nack(b.soon(), 0)) // which nothing of that has touched
	b.ack(b.nextIs(other, "closed"))

	if b.can.MinTakeover == 0 && b.Kill != nil {
		b.send(q, "taken")
		r = b.receive(q, 1)
		taken := b.nextIs(r, "taken")
		if d, err := other.Next(b.within(2*b.takeover + time.Second)); err == nil { // the engine sees silence only
			stale(taken, "taken over")
			b.ack(d)
		} else {
			b.ack(taken)
		}
	}
	letters, err := q.DeadLetters(b.soon(), "", 10)
	b.must(err)
	if len(letters) != 1 || letters[0].Reason != "enough" {
		b.Errorf("dead letters %+v, want one", letters)
	}
}

func settlingWorksLater(b *bench) {
	q := b.queue()
	r := b.receive(q, 3)
	b.send(q, "ack", "nack", "bury")
	var deliveries []queue.Delivery
	for range 3 {
		ctx, cancel := context.WithTimeout(b.Context(), b.Patience)
		d, err := r.Next(ctx)
		b.must(err)
		cancel()
		deliveries = append(deliveries, d)
	}
	b.must(deliveries[0].Ack(b.soon()))
	b.must(deliveries[1].Nack(b.soon(), 0))
	b.must(deliveries[2].Bury(b.soon(), "why"))
	b.ack(b.next(r))
	b.nothing(r, moment)
}

func closeGivesBack(b *bench) {
	q := b.queue()
	r := b.receive(q, 4)
	b.send(q, "a", "b", "c", "d")
	held := b.next(r)
	b.ack(b.next(r))
	b.close(r)
	b.close(r)
	begin := time.Now()
	other := b.receive(b.open(b.connect(), b.spec()), 4)
	seen := map[string]bool{}
	for range 3 {
		d := b.next(other)
		seen[string(d.Message().Body)] = true
		b.ack(d)
	}
	if !seen[string(held.Message().Body)] || len(seen) != 3 {
		b.Errorf("came back: %v, with %q", seen, held.Message().Body)
	}
	if took := time.Since(begin); took > time.Second && took > b.takeover/2 {
		b.Errorf("they came after %v, want them at once", took)
	}
	b.nothing(other, moment)
}

func deadReceiver(b *bench) {
	if b.Kill == nil {
		b.Skip("the engine cannot kill a receiver")
	}
	b.send(b.queue(), "a", "b", "c")
	dying := b.connect()
	r := b.receive(b.open(dying, b.spec()), 2)
	b.next(r)
	b.next(r)
	begin := time.Now()
	b.Kill(b.T, dying)
	other := b.receive(b.queue(), 4)
	seen := map[string]bool{}
	for range 3 {
		d := b.nextWithin(other, b.takeover+b.Patience)
		seen[string(d.Message().Body)] = true
		b.ack(d)
	}
	if took := time.Since(begin); len(seen) != 3 || took > b.takeover+time.Second {
		b.Errorf("%v came within %v, want 3 within %v and a second", seen, took, b.takeover)
	}
}
