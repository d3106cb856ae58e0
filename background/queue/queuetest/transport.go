package queuetest

import (
	"errors"
	"sync"
	"time"

	"github.com/fxhost/fxhost/background/queue"
)

func statsAtRest(b *bench) {
	q := b.queue()
	b.bury(q, 1)
	delayed := message("delayed")
	delayed.Delay = time.Hour
	b.must(q.Send(b.soon(), delayed))
	b.send(q, "a", "b", "c", "d")
	r := b.receive(q, 1)
	b.next(r)
	b.nothing(r, time.Second+moment)
	stats, err := q.Stats(b.soon())
	b.must(err)
	for name, c := range map[string]struct{ got, want int64 }{
		"Ready": {stats.Ready, 3}, "InFlight": {stats.InFlight, 1}, "Delayed": {stats.Delayed, 1}, "Dead": {stats.Dead, 1},
	} {
		if c.got != c.want && c.got != queue.Unknown {
			b.Errorf("%s is %d, want %d or Unknown", name, c.got, c.want)
		}
	}
	if stats.Oldest != queue.Unknown && (stats.Oldest < time.Second || stats.Oldest > time.Second+b.Patience) {
		b.Errorf("Oldest is %v, want a little more than a second or Unknown", stats.Oldest)
	}
	b.close(r)
	b.ackAll(b.receive(q, 4), "a", "b", "c", "d")
	if stats, err = q.Stats(b.soon()); err != nil || stats.Ready > 0 || stats.InFlight > 0 || stats.Oldest > 0 {
		b.Errorf("of the empty queue: %+v, %v", stats, err)
	}
}

func manyThatOpen(b *bench) {
	transports := []queue.Transport{b.first, b.connect(), b.connect()}
	queues := make([]queue.Queue, 24)
	var wg sync.WaitGroup
	for i := range queues {
		wg.Go(func() {
			q, err := transports[i%len(transports)].Open(b.Context(), b.spec())
			if err != nil {
				b.Errorf("open: %v", err)
			}
			queues[i] = q
		})
	}
	wg.Wait()
	if b.Failed() {
		b.FailNow()
	}
	b.send(queues[0], "one")
	b.ack(b.nextIs(b.receive(queues[len(queues)-1], 1), "one"))
	if b.can.Order {
		if _, err := b.connect().Open(b.soon(), b.exclusive()); !errors.Is(err, queue.ErrConflict) {
			b.Errorf("open it as exclusive: error %v, want ErrConflict", err)
		}
	}
	b.send(queues[1], "two")
	b.ack(b.nextIs(b.receive(queues[2], 1), "two"))
	for _, wrong := range []queue.Spec{{}, {Name: b.name}, {Name: "a b", Takeover: b.takeover}, {Name: "a.b", Takeover: b.takeover}} {
		if _, err := b.first.Open(b.soon(), wrong); err == nil {
			b.Errorf("open %+v returned nil", wrong)
		}
	}
}

func twoNamesNeverMix(b *bench) {
	var queues []queue.Queue
	names := []string{"", "-dead", "-delayed", "-p0", "_", "-"}
	for _, suffix := range names {
		spec := b.spec()
		spec.Name += suffix
		queues = append(queues, b.open(b.first, spec))
	}
	for i, q := range queues {
		delayed := message("delayed " + names[i])
		delayed.Delay = moment
		b.must(q.Send(b.soon(), message("dead "+names[i]), delayed))
	}
	for i, q := range queues {
		r := b.receive(q, 1)
		b.must(b.nextIs(r, "dead "+names[i]).Bury(b.soon(), names[i]))
		d := b.nextWithin(r, moment+b.can.DelayGrain+b.Patience)
		if got := string(d.Message().Body); got != "delayed "+names[i] {
			b.Errorf("%q has %q", names[i], got)
		}
		b.ack(d)
		if letters := b.letters(q, "", 10); len(letters) != 1 || letters[0].Reason != names[i] {
			b.Errorf("%q has the dead letters %+v", names[i], letters)
		}
		b.nothing(r, moment)
		b.close(r)
	}
}

func theServerMayBeRestarted(b *bench) {
	if b.Restart == nil {
		b.Skip("the engine cannot be restarted")
	}
	q := b.queue()
	r := b.receive(q, 1)
	b.send(q, "before")
	b.Restart(b.T)
	patience := 12 * b.Patience
	d := b.nextWithin(r, patience)
	if got := string(d.Message().Body); got != "before" {
		b.Errorf("got %q", got)
	}
	b.ack(d)
	b.must(q.Send(b.within(patience), message("after")))
	for { // what was acked right before a crash may come again
		d = b.nextWithin(r, patience)
		b.ack(d)
		if string(d.Message().Body) == "after" {
			break
		}
	}
	if state := b.first.State(); !state.Connected {
		b.Errorf("state %+v", state)
	}
}

func aClosedTransport(b *bench) {
	q := b.queue()
	r := b.receive(q, 1)
	b.send(q, "m")
	d := b.nextIs(r, "m")
	b.must(b.first.Close(b.soon()))
	b.must(b.first.Close(b.soon()))
	_, next := r.Next(b.soon())
	_, receive := q.Receive(b.soon(), 1)
	_, open := b.first.Open(b.soon(), b.spec())
	_, stats := q.Stats(b.soon())
	for call, err := range map[string]error{
		"Send": q.Send(b.soon(), message("no")), "Next": next, "Receive": receive, "Open": open, "Stats": stats,
	} {
		if !errors.Is(err, queue.ErrClosed) {
			b.Errorf("%s: error %v, want ErrClosed", call, err)
		}
	}
	if err := d.Ack(b.soon()); !errors.Is(err, queue.ErrLost) && !errors.Is(err, queue.ErrClosed) {
		b.Errorf("Ack: error %v, want ErrLost or ErrClosed", err)
	}
	if state := b.first.State(); state.Connected {
		b.Errorf("state %+v", state)
	}
	b.ack(b.nextIs(b.receive(b.open(b.connect(), b.spec()), 1), "m"))
}

func sendTxIsPart(b *bench) {
	q := b.queue()
	sender, ok := q.(queue.TxSender)
	if !ok {
		b.Skip("the engine has no transactions")
	}
	r := b.receive(q, 1)
	tx := b.Begin(b.T)
	b.must(sender.SendTx(b.soon(), tx.Tx, message("committed")))
	b.nothing(r, moment)
	b.must(tx.Commit())
	b.ack(b.nextIs(r, "committed"))
	tx = b.Begin(b.T)
	b.must(sender.SendTx(b.soon(), tx.Tx, message("rolled back")))
	b.must(tx.Rollback())
	b.nothing(r, moment)
	if err := sender.SendTx(b.soon(), struct{}{}, message("no")); err == nil {
		b.Error("SendTx in something that is no transaction returned nil")
	}
	b.nothing(r, moment)
}
