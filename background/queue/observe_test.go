package queue_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/internal/observe"
)

// span is a key of what an observer puts into a context.
type span struct{}

// spans carries that from sender to handler.
type spans struct{}

func (spans) Inject(ctx context.Context, headers map[string]string) {
	if s, ok := ctx.Value(span{}).(string); ok {
		headers["span"] = s
	}
}

func (spans) Extract(ctx context.Context, headers map[string]string) context.Context {
	return context.WithValue(ctx, span{}, headers["span"])
}

// watch is an observer that notes what it sees, and a span for each.
func watch(seen *journal[string]) fx.Option {
	return fx.Options(
		fx.Provide(func() queue.Propagator { return spans{} }),
		observe.Provide(func() *observe.Observer {
			return &observe.Observer{
				Send: func(ctx context.Context, s observe.Send) (context.Context, func(error)) {
					return context.WithValue(ctx, span{}, "send"), func(err error) {
						seen.note(fmt.Sprintf("sent %d %s to %s of %s, with ID %t: %v", s.Messages, s.Type, s.Queue, s.Engine, s.ID != "", err))
					}
				},
				Handle: func(ctx context.Context, d observe.Delivery) (context.Context, func(observe.DeliveryEnd)) {
					about := fmt.Sprintf("attempt %d at %d bytes of %s key %q", d.Attempt, d.Bytes, d.Queue, d.Key)
					if d.Loop {
						about += " in a loop"
					}
					parent, _ := ctx.Value(span{}).(string)
					return context.WithValue(ctx, span{}, parent+"/handle"), func(end observe.DeliveryEnd) {
						seen.note(fmt.Sprintf("%s: %s after %v, error %v, again in %v", about, end.Result, end.Took, end.Err, end.Delay))
					}
				},
			}
		}),
	)
}

func TestMessagesCanBeWatched(t *testing.T) {
	t.Parallel()
	const failed = `attempt 1 at 26 bytes of invoice key ""`
	for name, c := range map[string]struct {
		handle  queue.HandlerFunc[invoice]
		options []queue.Option
		want    []string
	}{
		"succeeds": {
			func(ctx context.Context, _ invoice) error {
				time.Sleep(time.Second)
				if got := ctx.Value(span{}); got != "send/handle" {
					return fmt.Errorf("the span is %v", got)
				}
				return nil
			}, nil,
			[]string{failed + ": succeeded after 1s, error <nil>, again in 0s"},
		},
		"fails": {
			func(context.Context, invoice) error { time.Sleep(time.Second); return errBroken },
			[]queue.Option{queue.Attempts(2), queue.Jitter(0)},
			[]string{
				failed + ": retried after 1s, error broken, again in 1s",
				`attempt 2 at 26 bytes of invoice key "": buried after 1s, error broken, again in 0s`,
			},
		},
		"in order": {
			func(context.Context, invoice) error { time.Sleep(time.Second); return errBroken },
			[]queue.Option{queue.Attempts(2), queue.Jitter(0), queue.Ordered(2), queue.KeyBy(func(invoice) string { return "k" })},
			[]string{
				`attempt 1 at 26 bytes of invoice key "k": retried after 1s, error broken, again in 1s`,
				`attempt 2 at 26 bytes of invoice key "k": buried after 1s, error broken, again in 0s`,
			},
		},
		"Goexit": {
			func(context.Context, invoice) error { time.Sleep(time.Second); runtime.Goexit(); return nil },
			[]queue.Option{queue.Attempts(1)},
			[]string{failed + ": buried after 1s, error goroutine exited without returning (runtime.Goexit), again in 0s"},
		},
		"stopped": {
			func(ctx context.Context, _ invoice) error { <-ctx.Done(); return ctx.Err() }, nil,
			[]string{failed + ": returned after 1m29s, error context canceled, again in 0s"},
		},
		"stopped in order": {
			func(ctx context.Context, _ invoice) error { <-ctx.Done(); return ctx.Err() },
			[]queue.Option{queue.Ordered(1), queue.KeyBy(func(invoice) string { return "k" })},
			[]string{`attempt 1 at 26 bytes of invoice key "k": returned after 1m29s, error context canceled, again in 0s`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				seen := &journal[string]{}
				a, err := build(watch(seen), queue.Handle[invoice](handler(c.handle), c.options...))
				must(t, err)
				must(t, a.Start(t.Context()))
				must(t, a.invoices.Send(t.Context(), invoice{}))
				time.Sleep(time.Minute)
				must(t, stopWithin(t, a, time.Minute))
				wantNotes(t, seen, append([]string{"sent 1 queue_test.invoice to invoice of memory, with ID true: <nil>"}, c.want...)...)
			})
		})
	}
}

func TestAFailedSendCanBeWatched(t *testing.T) {
	t.Parallel()
	seen := &journal[string]{}
	a := start(t, watch(seen), queue.Handle[invoice](newNothing))
	must(t, a.invoices.SendAll(t.Context(), nil))
	err := a.invoices.Send(t.Context(), invoice{}, queue.Key("k"))
	const sent = "sent %d queue_test.invoice to invoice of memory, with ID %t: %v"
	wantNotes(t, seen, fmt.Sprintf(sent, 0, false, nil), fmt.Sprintf(sent, 1, true, err))
}

func TestABodyThatDoesNotDecodeCanBeWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen, memory := &journal[string]{}, queue.NewMemory(queue.MemoryOptions{})
		start(t, watch(seen), sharing(memory), queue.Handle[invoice](newNothing))
		q, err := memory.Connect().Open(t.Context(), queue.Spec{Name: "invoice", Takeover: 30 * time.Second})
		must(t, err)
		must(t, q.Send(t.Context(), &queue.Envelope{ID: "1", Body: []byte("no JSON")}))
		synctest.Wait()
		if all := seen.all(); len(all) != 1 || !strings.HasPrefix(all[0], `attempt 1 at 7 bytes of invoice key "": buried after 0s, error queue: body does not decode`) {
			t.Errorf("%v", all)
		}
	})
}

func TestALostMessageCanBeWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen, memory := &journal[string]{}, queue.NewMemory(queue.MemoryOptions{})
		a := start(t, watch(seen),
			queue.Use(func() queue.Transport { return deaf{memory.Connect(), nil} }),
			queue.Handle[invoice](handler(func(ctx context.Context, _ invoice) error {
				<-ctx.Done()
				return ctx.Err()
			}), queue.Takeover(9*time.Second)))
		must(t, a.invoices.Send(t.Context(), invoice{}))
		time.Sleep(4 * time.Second)
		if all := seen.all(); len(all) != 2 || all[1] != `attempt 1 at 26 bytes of invoice key "": lost after 3s, error context canceled, again in 0s` {
			t.Errorf("%v", all)
		}
	})
}

func TestALoopCanBeWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := &journal[string]{}
		var consumer queue.Consumer[invoice]
		a := start(t, watch(seen), queue.Declare[invoice](queue.Prefetch(8)), fx.Populate(&consumer))
		must(t, a.invoices.SendAll(t.Context(), make([]invoice, 4)))
		received := 0
		for r, err := range consumer.All(t.Context()) {
			must(t, err)
			time.Sleep(time.Second)
			switch received++; received {
			case 1:
				must(t, r.Ack(t.Context()))
				if err := r.Ack(t.Context()); !errors.Is(err, queue.ErrLost) {
					t.Errorf("error %v", err)
				}
				continue
			case 2:
				must(t, r.Nack(t.Context(), time.Hour))
				continue
			case 3:
				must(t, r.Bury(t.Context(), "no good"))
				continue
			}
			break // which gives it back
		}
		const attempt = `attempt 1 at 26 bytes of invoice key "" in a loop: `
		wantNotes(t, seen,
			"sent 4 queue_test.invoice to invoice of memory, with ID false: <nil>",
			attempt+"succeeded after 1s, error <nil>, again in 0s",
			attempt+"retried after 1s, error <nil>, again in 1h0m0s",
			attempt+"buried after 1s, error no good, again in 0s",
			attempt+"returned after 1s, error <nil>, again in 0s",
		)
	})
}
