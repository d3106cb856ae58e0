package queue_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/background/queue/queuetest"
)

// inMemory runs a test with a Memory of its own, on fake time.
func inMemory(t *testing.T, test func(t *testing.T, engine queuetest.Engine)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		memory := queue.NewMemory(queue.MemoryOptions{})
		test(t, queuetest.Engine{
			Open: func(*testing.T) queue.Transport { return memory.Connect() },
			Kill: func(*testing.T, queue.Transport) {}, // it sees no more than silence
		})
	})
}

func TestTheTransportInMemoryKeepsTheRules(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, inMemory)
}

// open opens a queue of a Memory with these options.
func open(t *testing.T, options queue.MemoryOptions) (queue.Transport, queue.Queue) {
	t.Helper()
	transport := queue.NewMemory(options).Connect()
	t.Cleanup(func() { must(t, transport.Close(context.WithoutCancel(t.Context()))) })
	q, err := transport.Open(t.Context(), queue.Spec{Name: "q", Takeover: time.Second})
	must(t, err)
	return transport, q
}

func envelopes(bodies ...string) []*queue.Envelope {
	var batch []*queue.Envelope
	for _, body := range bodies {
		batch = append(batch, &queue.Envelope{ID: body, Body: []byte(body)})
	}
	return batch
}

func TestSendWaitsForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, q := open(t, queue.MemoryOptions{Capacity: 2})
		r, err := q.Receive(t.Context(), 5)
		must(t, err)
		sent := make(chan error, 1)
		go func() { sent <- q.Send(t.Context(), envelopes("a", "b", "c", "d")...) }()
		for _, want := range []string{"a", "b", "c", "d"} {
			synctest.Wait()
			if stats, _ := q.Stats(t.Context()); stats.Ready+stats.InFlight > 2 {
				t.Errorf("more than 2 are stored: %+v", stats)
			}
			d, err := r.Next(t.Context())
			must(t, err)
			if got := d.Message().ID; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			must(t, d.Ack(t.Context()))
		}
		must(t, <-sent)
	})
}

func TestASendThatWaitsEndsWithItsContextAndTheTransport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport, q := open(t, queue.MemoryOptions{Capacity: 1})
		must(t, q.Send(t.Context(), envelopes("a")...))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.Send(ctx, envelopes("b")...); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		sent := make(chan error, 1)
		go func() { sent <- q.Send(t.Context(), envelopes("c")...) }()
		synctest.Wait()
		must(t, transport.Close(t.Context()))
		if err := <-sent; !errors.Is(err, queue.ErrClosed) {
			t.Errorf("error %v", err)
		}
	})
}

// Room that is granted to a Send which gives up at that moment is for others.
func TestRoomIsNotLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, q := open(t, queue.MemoryOptions{Capacity: 1})
		r, err := q.Receive(t.Context(), 1)
		must(t, err)
		for range 1000 {
			must(t, q.Send(t.Context(), envelopes("a")...))
			d, err := r.Next(t.Context())
			must(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			sent := make(chan error, 1)
			go func() { sent <- q.Send(ctx, envelopes("b")...) }()
			synctest.Wait()
			go cancel()
			must(t, d.Ack(t.Context()))
			if <-sent == nil {
				d, err = r.Next(t.Context())
				must(t, err)
				must(t, d.Ack(t.Context()))
			}
		}
	})
}

func TestADeadLetterForWhichThereIsNoRoomStaysInTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, q := open(t, queue.MemoryOptions{DeadLetters: 1})
		must(t, q.Send(t.Context(), envelopes("a", "b")...))
		r, err := q.Receive(t.Context(), 2)
		must(t, err)
		a, err := r.Next(t.Context())
		must(t, err)
		b, err := r.Next(t.Context())
		must(t, err)
		must(t, a.Bury(t.Context(), "why"))
		wantText(t, b.Bury(t.Context(), "why"), "queue: no room for a dead letter beside 1: send some again or discard them")
		must(t, b.Nack(t.Context(), 0))
		n, err := q.Resend(t.Context(), "1")
		if n != 1 || err != nil {
			t.Errorf("sent %d, %v", n, err)
		}
		if stats, _ := q.Stats(t.Context()); stats.Ready != 2 || stats.Dead != 0 {
			t.Errorf("%+v", stats)
		}
	})
}

func TestWrongMemoryOptionsAreAnErrorOfOpen(t *testing.T) {
	t.Parallel()
	transport := queue.NewMemory(queue.MemoryOptions{Capacity: -1}).Connect()
	_, err := transport.Open(t.Context(), queue.Spec{Name: "q", Takeover: time.Second})
	wantText(t, err, "queue: MemoryOptions {Capacity:-1 DeadLetters:0}: must not be negative")
}
