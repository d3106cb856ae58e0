package queuetest_test

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/background/queue/queuetest"
)

// broken is a transport in memory that breaks a rule: each function that is not nil
// replaces a method.
type broken struct {
	queue.Transport

	spec     func(queue.Spec) queue.Spec
	send     func(ctx context.Context, q queue.Queue, batch []*queue.Envelope) error
	prefetch func(int) int
	letters  func(all []queue.DeadLetter) []queue.DeadLetter
	resend   func(ctx context.Context, q queue.Queue, ids []string) (int, error)
	stats    func(queue.Stats) queue.Stats
	next     func(d queue.Delivery, err error) (queue.Delivery, error)
	close    func(context.Context, queue.Receiver) error
	ack      func(context.Context, queue.Delivery) error
	nack     func(context.Context, queue.Delivery, time.Duration) error
	bury     func(context.Context, queue.Delivery, string) error
	extend   func(context.Context, queue.Delivery) error
	attempt  func(int) int
	message  func(queue.Envelope) queue.Envelope
}

type (
	brokenQueue struct {
		queue.Queue
		of *broken
	}
	brokenReceiver struct {
		queue.Receiver
		of *broken
	}
	brokenDelivery struct {
		queue.Delivery
		of *broken
	}
)

func (b *broken) Open(ctx context.Context, spec queue.Spec) (queue.Queue, error) {
	if b.spec != nil && spec.Validate() == nil {
		spec = b.spec(spec)
	}
	q, err := b.Transport.Open(ctx, spec)
	return brokenQueue{q, b}, err
}

func (q brokenQueue) Send(ctx context.Context, batch ...*queue.Envelope) error {
	if q.of.send != nil {
		return q.of.send(ctx, q.Queue, batch)
	}
	return q.Queue.Send(ctx, batch...)
}

func (q brokenQueue) Receive(ctx context.Context, prefetch int) (queue.Receiver, error) {
	if q.of.prefetch != nil {
		prefetch = q.of.prefetch(prefetch)
	}
	r, err := q.Queue.Receive(ctx, prefetch)
	return brokenReceiver{r, q.of}, err
}

func (q brokenQueue) DeadLetters(ctx context.Context, after string, limit int) ([]queue.DeadLetter, error) {
	letters, err := q.Queue.DeadLetters(ctx, after, limit)
	if q.of.letters != nil {
		letters = q.of.letters(letters)
	}
	return letters, err
}

func (q brokenQueue) Resend(ctx context.Context, ids ...string) (int, error) {
	if q.of.resend != nil {
		return q.of.resend(ctx, q.Queue, ids)
	}
	return q.Queue.Resend(ctx, ids...)
}

func (q brokenQueue) Stats(ctx context.Context) (queue.Stats, error) {
	stats, err := q.Queue.Stats(ctx)
	if q.of.stats != nil {
		stats = q.of.stats(stats)
	}
	return stats, err
}

func (r brokenReceiver) Next(ctx context.Context) (queue.Delivery, error) {
	d, err := r.Receiver.Next(ctx)
	if r.of.next != nil {
		d, err = r.of.next(d, err)
	}
	if err != nil {
		return nil, err
	}
	return brokenDelivery{d, r.of}, nil
}

func (r brokenReceiver) Close(ctx context.Context) error {
	if r.of.close != nil {
		return r.of.close(ctx, r.Receiver)
	}
	return r.Receiver.Close(ctx)
}

func (d brokenDelivery) Message() *queue.Envelope {
	if d.of.message != nil {
		e := d.of.message(*d.Delivery.Message())
		return &e
	}
	return d.Delivery.Message()
}

func (d brokenDelivery) Attempt() int {
	if d.of.attempt != nil {
		return d.of.attempt(d.Delivery.Attempt())
	}
	return d.Delivery.Attempt()
}

func (d brokenDelivery) Ack(ctx context.Context) error {
	if d.of.ack != nil {
		return d.of.ack(ctx, d.Delivery)
	}
	return d.Delivery.Ack(ctx)
}

func (d brokenDelivery) Nack(ctx context.Context, delay time.Duration) error {
	if d.of.nack != nil {
		return d.of.nack(ctx, d.Delivery, delay)
	}
	return d.Delivery.Nack(ctx, delay)
}

func (d brokenDelivery) Bury(ctx context.Context, reason string) error {
	if d.of.bury != nil {
		return d.of.bury(ctx, d.Delivery, reason)
	}
	return d.Delivery.Bury(ctx, reason)
}

func (d brokenDelivery) Extend(ctx context.Context) error {
	if d.of.extend != nil {
		return d.of.extend(ctx, d.Delivery)
	}
	return d.Delivery.Extend(ctx)
}

// breaches are ways to break a rule. The rule that has to find each is the number in
// front.
func breaches() map[string]broken {
	return map[string]broken{
		"01 loses the last of a batch": {send: func(ctx context.Context, q queue.Queue, batch []*queue.Envelope) error {
			return q.Send(ctx, batch[:max(0, len(batch)-1)]...)
		}},
		"01 sends twice": {send: func(ctx context.Context, q queue.Queue, batch []*queue.Envelope) error {
			return q.Send(ctx, append(batch, batch...)...)
		}},
		"03 cuts at NUL": {message: func(e queue.Envelope) queue.Envelope {
			e.Body = []byte(strings.Split(string(e.Body), "\x00")[0])
			return e
		}},
		"03 loses headers": {message: func(e queue.Envelope) queue.Envelope { e.Headers = nil; return e }},
		"03 loses the key": {message: func(e queue.Envelope) queue.Envelope { e.Key = ""; return e }},
		"03 keeps seconds": {message: func(e queue.Envelope) queue.Envelope { e.Sent = e.Sent.Truncate(time.Second); return e }},
		"05 does not delay": {send: func(ctx context.Context, q queue.Queue, batch []*queue.Envelope) error {
			for _, e := range batch {
				now := *e
				now.Delay = 0
				if err := q.Send(ctx, &now); err != nil {
					return err
				}
			}
			return nil
		}},
		"05 delays too long": {send: func(ctx context.Context, q queue.Queue, batch []*queue.Envelope) error {
			for _, e := range batch {
				later := *e
				later.Delay *= 3
				if err := q.Send(ctx, &later); err != nil {
					return err
				}
			}
			return nil
		}},
		"06 ignores the context": {send: func(ctx context.Context, q queue.Queue, batch []*queue.Envelope) error {
			return q.Send(context.WithoutCancel(ctx), batch...)
		}},
		"07 has errors of its own": {next: func(d queue.Delivery, err error) (queue.Delivery, error) {
			if err != nil {
				err = os.ErrClosed
			}
			return d, err
		}},
		"08 has no prefetch":      {prefetch: func(int) int { return 1000 }},
		"09 does not extend":      {extend: func(context.Context, queue.Delivery) error { return nil }},
		"11 loses what is nacked": {nack: func(ctx context.Context, d queue.Delivery, _ time.Duration) error { return d.Ack(ctx) }},
		"12 does not count":       {attempt: func(int) int { return 1 }},
		"13 does not ack":         {ack: func(context.Context, queue.Delivery) error { return nil }},
		"14 hands out at once":    {nack: func(ctx context.Context, d queue.Delivery, _ time.Duration) error { return d.Nack(ctx, 0) }},
		"14 hands out late": {nack: func(ctx context.Context, d queue.Delivery, w time.Duration) error {
			return d.Nack(ctx, 3*w+5*time.Second)
		}},
		"15 loses the reason":         {bury: func(ctx context.Context, d queue.Delivery, _ string) error { return d.Bury(ctx, "?") }},
		"15 loses the letter":         {bury: func(ctx context.Context, d queue.Delivery, _ string) error { return d.Ack(ctx) }},
		"16 extends what is not held": {extend: func(ctx context.Context, d queue.Delivery) error { _ = d.Extend(ctx); return nil }},
		"17 settles what is stale":    {ack: func(ctx context.Context, d queue.Delivery) error { _ = d.Ack(ctx); return nil }},
		"18 needs the context of Next": {ack: func() func(context.Context, queue.Delivery) error {
			return func(context.Context, queue.Delivery) error { return context.Canceled }
		}()},
		"19 does not give back":   {close: func(context.Context, queue.Receiver) error { return nil }},
		"20 never takes over":     {spec: func(s queue.Spec) queue.Spec { s.Takeover *= 100; return s }},
		"21 keeps no order":       {spec: func(s queue.Spec) queue.Spec { s.Exclusive = false; return s }},
		"22 loses the place":      {close: closeByNack()},
		"23 lists the last first": {letters: func(all []queue.DeadLetter) []queue.DeadLetter { slices.Reverse(all); return all }},
		"24 counts what is not there": {resend: func(ctx context.Context, q queue.Queue, ids []string) (int, error) {
			_, err := q.Resend(ctx, ids...)
			return len(ids), err
		}},
		"24 mixes up the order": {resend: func(ctx context.Context, q queue.Queue, ids []string) (int, error) {
			return q.Resend(ctx, slices.Sorted(slices.Values(ids))...)
		}},
		"24 keeps the attempts": {attempt: func(n int) int { return n + 1 }},
		"25 guesses":            {stats: func(s queue.Stats) queue.Stats { s.Delayed = 0; return s }},
		"26 opens what is another": {spec: func() func(queue.Spec) queue.Spec {
			return func(s queue.Spec) queue.Spec { s.Exclusive = true; return s }
		}()},
		"27 mixes names": {spec: func(s queue.Spec) queue.Spec { s.Name = strings.TrimRight(s.Name, "-_"); return s }},
		"29 takes when closed": {send: func(ctx context.Context, q queue.Queue, batch []*queue.Envelope) error {
			_ = q.Send(ctx, batch...)
			return nil
		}},
	}
}

// closeByNack gives back what a receiver holds, but not in its place: by handing it
// to another that nacks it.
func closeByNack() func(context.Context, queue.Receiver) error {
	var once sync.Once
	return func(ctx context.Context, r queue.Receiver) (err error) {
		once.Do(func() {
			limited, cancel := context.WithTimeout(ctx, time.Millisecond)
			defer cancel()
			if d, next := r.Next(limited); next == nil {
				_ = d.Nack(ctx, 0)
			}
		})
		return r.Close(ctx)
	}
}

const breach = "FXHOST_TEST_BREACH"

// TestBreach runs the rules on the transport with the breach of the environment; it
// is run by TestEachRuleFindsItsBreaches.
func TestBreach(t *testing.T) {
	name := os.Getenv(breach)
	if name == "" {
		t.Skip("is run by another test")
	}
	queuetest.Run(t, func(t *testing.T, test func(t *testing.T, engine queuetest.Engine)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			memory := queue.NewMemory(queue.MemoryOptions{})
			test(t, queuetest.Engine{
				Open: func(*testing.T) queue.Transport {
					b := breaches()[name]
					b.Transport = memory.Connect()
					return &b
				},
				Kill: func(*testing.T, queue.Transport) {},
			})
		})
	})
}

func TestEachRuleFindsItsBreaches(t *testing.T) {
	t.Parallel()
	for name := range breaches() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			number := name[:2]
			program := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBreach$/^"+number, "-test.timeout=1m")
			program.Env = append(os.Environ(), breach+"="+name)
			output, err := program.CombinedOutput()
			if err == nil {
				t.Errorf("rule %s has not found it:\n%s", number, output)
			} else if !regexp.MustCompile(`--- FAIL: TestBreach/` + number + `|panic: deadlock`).Match(output) {
				t.Errorf("it failed for something else:\n%s", output)
			}
		})
	}
}
