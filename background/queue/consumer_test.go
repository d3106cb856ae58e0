package queue_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/hosted"
)

// looper receives in a loop of its own.
type looper struct {
	background.BackgroundService
	invoices queue.Consumer[invoice]
	each     func(ctx context.Context, r *queue.Received[invoice]) (more bool)
	errors   journal[string]
}

func (l *looper) ExecuteAsync(ctx context.Context) error {
	for received, err := range l.invoices.All(ctx) {
		if err != nil {
			l.errors.note(err.Error())
			return err
		}
		if !l.each(ctx, received) {
			return nil
		}
	}
	return nil
}

func loop(l *looper) fx.Option {
	return hosted.AddHostedService[*looper](func(invoices queue.Consumer[invoice]) *looper {
		l.invoices = invoices
		return l
	})
}

func TestALoopReceives(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]queue.Option{"": nil, "ordered": {queue.Ordered(2), queue.KeyBy(customerOf)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				done := &journal[int]{}
				l := &looper{each: func(ctx context.Context, r *queue.Received[invoice]) bool {
					if r.Attempt == 1 && r.Message.Number == 2 {
						must(t, r.Nack(ctx, time.Second))
						return true
					}
					if r.Message.Number == 3 {
						must(t, r.Bury(ctx, "why"))
						return true
					}
					done.note(r.Message.Number)
					must(t, r.Ack(ctx))
					return true
				}}
				// The loop is stopped after what it receives from, and that is no failure.
				a := start(t, loop(l), queue.Declare[invoice](options...))
				must(t, a.invoices.SendAll(t.Context(), []invoice{{"a", 1}, {"a", 2}, {"a", 3}, {"a", 4}}))
				time.Sleep(time.Minute)
				wantNotes(t, done, 1, 4, 2)
				if letters := a.letters(t); len(letters) != 1 || letters[0].Reason != "why" {
					t.Errorf("%+v", letters)
				}
				must(t, a.Stop(t.Context()))
				wantNotes(t, &l.errors)
			})
		})
	}
}

func TestLeavingTheLoopGivesBackWhatIsNotSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, held := queue.NewMemory(queue.MemoryOptions{}), &journal[*queue.Received[invoice]]{}
		a, err := build(sharing(memory), queue.Declare[invoice](queue.Prefetch(2)),
			loop(&looper{each: func(_ context.Context, r *queue.Received[invoice]) bool {
				held.note(r)
				return len(held.all()) < 2
			}}))
		must(t, err)
		must(t, a.Start(t.Context()))
		must(t, a.invoices.SendAll(t.Context(), make([]invoice, 5)))
		synctest.Wait()
		left(t, memory, 5)
		wantText(t, held.all()[0].Ack(t.Context()), "queue: delivery is no longer ours")
		must(t, a.Stop(t.Context()))
	})
}

func TestWhatALoopHoldsIsNotTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		count := 0
		a := start(t, queue.Declare[invoice](queue.Prefetch(5)), loop(&looper{each: func(ctx context.Context, r *queue.Received[invoice]) bool {
			count++
			go func() {
				time.Sleep(time.Hour)
				must(t, r.Ack(ctx))
			}()
			return true
		}}))
		must(t, a.invoices.SendAll(t.Context(), make([]invoice, 5)))
		time.Sleep(2 * time.Hour)
		if stats := a.stats(t); count != 5 || stats != (queue.Stats{}) {
			t.Errorf("%d came, %+v", count, stats)
		}
	})
}

func TestALoopDoesNotSeeWhatDoesNotDecode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, done := queue.NewMemory(queue.MemoryOptions{}), &journal[int]{}
		transport := memory.Connect()
		defer func() { must(t, transport.Close(t.Context())) }()
		q, err := transport.Open(t.Context(), queue.Spec{Name: "invoice", Takeover: 30 * time.Second})
		must(t, err)
		must(t, q.Send(t.Context(), envelopes("{", `{"Number":7}`)...))
		a := start(t, sharing(memory), queue.Declare[invoice](), loop(&looper{each: func(ctx context.Context, r *queue.Received[invoice]) bool {
			done.note(r.Message.Number)
			must(t, r.Ack(ctx))
			return true
		}}))
		synctest.Wait()
		wantNotes(t, done, 7)
		if letters := a.letters(t); len(letters) != 1 || letters[0].Reason != "queue: body does not decode: unexpected end of JSON input" {
			t.Errorf("%+v", letters)
		}
	})
}

// stuck is a Transport whose receivers fail to close.
type (
	stuck         struct{ queue.Transport }
	stuckQueue    struct{ queue.Queue }
	stuckReceiver struct{ queue.Receiver }
)

func (s stuck) Open(ctx context.Context, spec queue.Spec) (queue.Queue, error) {
	q, err := s.Transport.Open(ctx, spec)
	return stuckQueue{q}, err
}

func (q stuckQueue) Receive(ctx context.Context, prefetch int) (queue.Receiver, error) {
	r, err := q.Queue.Receive(ctx, prefetch)
	return stuckReceiver{r}, err
}

func (r stuckReceiver) Close(ctx context.Context) error {
	return errors.Join(r.Receiver.Close(ctx), errBroken)
}

// A loop that was left is not given anything any more.
func TestALoopThatIsLeftEndsAlsoWhenTheEngineFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory := queue.NewMemory(queue.MemoryOptions{})
		l := &looper{each: func(ctx context.Context, r *queue.Received[invoice]) bool {
			must(t, r.Ack(ctx))
			return false
		}}
		a := start(t, queue.Use(func() queue.Transport { return stuck{memory.Connect()} }), queue.Declare[invoice](), loop(l))
		must(t, a.invoices.Send(t.Context(), invoice{}))
		synctest.Wait()
		if err := l.Err(); err != nil {
			t.Errorf("the loop ended with %v", err)
		}
		if n := a.logs.FilterMessage("receiver not closed").Len(); n != 1 {
			t.Errorf("%d records", n)
		}
	})
}
