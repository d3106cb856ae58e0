package queue_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background/queue"
)

func TestWhatIsKnownOfAMessageArrives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got queue.Info
		begin := time.Now()
		a := start(t, queue.Handle[invoice](handler(func(ctx context.Context, _ invoice) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			got, _ = queue.From(ctx)
			wait := time.Since(begin)
			got.Headers = maps.Clone(got.Headers)
			got.Headers["after"] = wait.String()
			return nil
		}), queue.Name("invoices"), queue.Ordered(4)))
		must(t, a.invoices.Send(t.Context(), invoice{}, queue.Key("a"), queue.ID("no-7"), queue.Header("tenant", "x"), queue.Header("y", "z")))
		synctest.Wait()
		if got.Queue != "invoices" || got.ID != "no-7" || got.Key != "a" || got.Attempt != 1 || !got.Sent.Equal(begin) ||
			!maps.Equal(got.Headers, map[string]string{"tenant": "x", "y": "z", "after": "0s"}) {
			t.Errorf("%+v", got)
		}
		if _, ok := queue.From(t.Context()); ok {
			t.Error("there is a message in any context")
		}
	})
}

func TestADelayedMessageIsHandledLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin, at := time.Now(), &journal[time.Duration]{}
		a := start(t, queue.Handle[invoice](handler(func(context.Context, invoice) error {
			at.note(time.Since(begin))
			return nil
		})))
		must(t, a.invoices.Send(t.Context(), invoice{}, queue.Delay(time.Hour)))
		must(t, a.invoices.Send(t.Context(), invoice{}))
		time.Sleep(2 * time.Hour)
		wantNotes(t, at, 0, time.Hour)
	})
}

func TestATraceGoesOnInWhatAHandlerSends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		headers := &journal[string]{}
		a := start(t, queue.Handle[invoice](func(invoices queue.Sender[invoice]) queue.HandlerFunc[invoice] {
			return func(ctx context.Context, i invoice) error {
				info, _ := queue.From(ctx)
				headers.note(fmt.Sprint(info.Headers))
				if i.Number == 2 {
					return nil
				}
				return invoices.Send(ctx, invoice{Number: i.Number + 1})
			}
		}))
		must(t, a.invoices.Send(t.Context(), invoice{}, queue.Header("traceparent", "00-1-2-03"), queue.Header("tenant", "x")))
		synctest.Wait()
		wantNotes(t, headers, "map[tenant:x traceparent:00-1-2-03]", "map[traceparent:00-1-2-03]", "map[traceparent:00-1-2-03]")
	})
}

type spanKey struct{}

// propagator carries a span as a header.
type propagator struct{}

func (propagator) Inject(ctx context.Context, headers map[string]string) {
	if span, ok := ctx.Value(spanKey{}).(string); ok {
		headers["span"] = span
	}
}

func (propagator) Extract(ctx context.Context, headers map[string]string) context.Context {
	return context.WithValue(ctx, spanKey{}, headers["span"]+"+")
}

func TestAPropagatorCarriesTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		spans := &journal[any]{}
		a := start(t,
			fx.Provide(func() queue.Propagator { return propagator{} }),
			queue.Handle[invoice](handler(func(ctx context.Context, _ invoice) error {
				spans.note(ctx.Value(spanKey{}))
				return nil
			})))
		must(t, a.invoices.Send(context.WithValue(t.Context(), spanKey{}, "1"), invoice{}))
		must(t, a.invoices.Send(t.Context(), invoice{}))
		synctest.Wait()
		wantNotes(t, spans, any("1+"), nil)
	})
}

func TestNobodyHandlesIsAnErrorOfSend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := start(t, queue.Declare[invoice]())
		wantText(t, a.invoices.Send(t.Context(), invoice{}), "queue: send queue_test.invoice: nobody handles it: "+
			"replace queue.Declare by queue.Handle[queue_test.invoice](constructor), "+
			"take a queue.Consumer[queue_test.invoice] to receive it in a loop, "+
			"or add an engine that other programs reach, because memory does not leave this one")
		wantText(t, a.invoices.Invoke(t.Context(), invoice{}), "queue: invoke queue_test.invoice: this program does not handle it: "+
			"replace queue.Declare by queue.Handle[queue_test.invoice](constructor)")
	})
}

func TestWhatCannotBeSentIsAnErrorOfSend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		nothing := handler(func(context.Context, invoice) error { return nil })
		plain := start(t, queue.Handle[invoice](nothing))
		ordered := start(t, queue.Handle[invoice](nothing, queue.Ordered(2)))
		wantText(t, plain.invoices.Send(t.Context(), invoice{}, queue.Key("a")), "queue: send queue_test.invoice: "+
			"queue.Key is for messages that are ordered: add queue.Ordered to its options")
		wantText(t, ordered.invoices.Send(t.Context(), invoice{}), "queue: send queue_test.invoice: "+
			"it is ordered and has no key: use queue.Key, or queue.KeyBy with queue.Ordered")
		wantText(t, ordered.invoices.Send(t.Context(), invoice{}, queue.Key("a"), queue.Delay(1)), "queue: send queue_test.invoice: "+
			"queue.Delay with queue.Ordered: it would lose its place")
		wantText(t, plain.invoices.SendAll(t.Context(), []invoice{{}, {}}, queue.ID("x")), "queue: send queue_test.invoice: "+
			"queue.ID is for one message: use Send")
		wantText(t, plain.invoices.Send(t.Context(), invoice{}, queue.Tx(1)), "queue: send queue_test.invoice: "+
			"memory cannot send in a transaction")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := plain.invoices.Send(ctx, invoice{}); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

func TestSendAllKeepsTheOrderOfEachKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done := &journal[invoice]{}
		a := start(t, queue.Handle[invoice](handler(func(_ context.Context, i invoice) error {
			done.note(i)
			return nil
		}), queue.Ordered(3), queue.KeyBy(customerOf)))
		var all []invoice
		for i := range 300 {
			all = append(all, invoice{string(rune('a' + i%7)), i})
		}
		must(t, a.invoices.SendAll(t.Context(), all))
		synctest.Wait()
		last := map[string]int{}
		for _, i := range done.all() {
			if i.Number < last[i.Customer] {
				t.Errorf("%v after %d", i, last[i.Customer])
			}
			last[i.Customer] = i.Number
		}
		if n := len(done.all()); n != 300 {
			t.Errorf("%d of 300", n)
		}
	})
}

func TestARetryBlocksItsPartitionOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin, done := time.Now(), &journal[string]{}
		a := start(t, queue.Handle[invoice](handler(func(ctx context.Context, i invoice) error {
			if info, _ := queue.From(ctx); i.Number == 1 && info.Attempt < 3 {
				return errBroken
			}
			done.note(fmt.Sprint(i.Customer, i.Number, " ", time.Since(begin)))
			return nil
		}), queue.Ordered(64), queue.KeyBy(customerOf), queue.Jitter(0)))
		must(t, a.invoices.SendAll(t.Context(), []invoice{{"a", 1}, {"a", 2}, {"b", 3}}))
		time.Sleep(time.Minute)
		wantNotes(t, done, "b3 0s", "a1 3s", "a2 3s")
	})
}

func TestDeadLettersOfAnOrderedTypeAreSentAgainByName(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		heal, done := false, &journal[int]{}
		a := start(t, queue.Handle[invoice](handler(func(_ context.Context, i invoice) error {
			if !heal {
				return queue.Permanent(fmt.Errorf("broken %d", i.Number))
			}
			done.note(i.Number)
			return nil
		}), queue.Ordered(3), queue.KeyBy(customerOf)))
		for i := range 20 {
			must(t, a.invoices.Send(t.Context(), invoice{string(rune('a' + i)), i}))
		}
		synctest.Wait()
		var ids []string
		for _, letter := range a.letters(t) {
			ids = append(ids, letter.ID)
		}
		if len(ids) != 20 || len(slices.Compact(slices.Sorted(slices.Values(ids)))) != 20 {
			t.Fatalf("%d dead letters: %v", len(ids), ids)
		}
		heal = true
		n, err := a.queues.Resend(t.Context(), "invoice", ids[:15]...)
		if n != 15 || err != nil {
			t.Errorf("sent %d, %v", n, err)
		}
		n, err = a.queues.Discard(t.Context(), "invoice", ids[10:]...)
		if n != 5 || err != nil {
			t.Errorf("discarded %d, %v", n, err)
		}
		synctest.Wait()
		if n := len(done.all()); n != 15 {
			t.Errorf("%d of 15", n)
		}
		_, err = a.queues.Resend(t.Context(), "invoice", "7:1")
		wantText(t, err, `queue: "7" is not the ID of a dead letter of "invoice"`)
		for _, err = range a.queues.DeadLetters(t.Context(), "invoices", queue.DeadLetterFilter{}) {
		}
		wantText(t, err, `queue: there is no "invoices"; there are ["invoice"]`)
	})
}

// withTx is a transport whose queues send in a transaction, which is a list.
type (
	withTx      struct{ queue.Transport }
	withTxQueue struct{ queue.Queue }
)

func (w withTx) Open(ctx context.Context, spec queue.Spec) (queue.Queue, error) {
	q, err := w.Transport.Open(ctx, spec)
	return withTxQueue{q}, err
}

func (q withTxQueue) SendTx(_ context.Context, tx any, batch ...*queue.Envelope) error {
	list, ok := tx.(*[]*queue.Envelope)
	if !ok {
		return fmt.Errorf("%T is no transaction", tx)
	}
	*list = append(*list, batch...)
	return nil
}

func TestAMessageIsSentInATransaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, done := queue.NewMemory(queue.MemoryOptions{}), &journal[int]{}
		a := start(t,
			queue.Use(func() queue.Transport { return withTx{memory.Connect()} }),
			queue.Handle[invoice](handler(func(_ context.Context, i invoice) error {
				done.note(i.Number)
				return nil
			})))
		var tx []*queue.Envelope
		must(t, a.invoices.Send(t.Context(), invoice{Number: 1}, queue.Tx(&tx)))
		must(t, a.invoices.SendAll(t.Context(), []invoice{{Number: 2}, {Number: 3}}, queue.Tx(&tx)))
		must(t, a.invoices.Send(t.Context(), invoice{Number: 4}))
		synctest.Wait()
		wantNotes(t, done, 4)
		if len(tx) != 3 {
			t.Errorf("%d messages are in the transaction", len(tx))
		}
		wantText(t, a.invoices.Send(t.Context(), invoice{}, queue.Tx(7)), "queue: send queue_test.invoice: int is no transaction")
	})
}
