package queue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/background/queue"
)

// stopWithin stops an application that has a minute for it.
func stopWithin(t *testing.T, a *application, limit time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return a.Stop(ctx)
}

func TestTheStopWaitsForWhatIsBeingHandled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, done := queue.NewMemory(queue.MemoryOptions{}), &journal[int]{}
		a, err := build(sharing(memory), queue.Handle[invoice](handler(func(ctx context.Context, i invoice) error {
			select {
			case <-time.After(10 * time.Second):
				done.note(i.Number)
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}), queue.Concurrency(2), queue.Prefetch(50)))
		must(t, err)
		must(t, a.Start(t.Context()))
		must(t, a.invoices.SendAll(t.Context(), []invoice{{Number: 1}, {Number: 2}, {Number: 3}, {Number: 4}}))
		time.Sleep(time.Second)
		begin := time.Now()
		must(t, stopWithin(t, a, time.Minute))
		wantTook(t, begin, 9*time.Second)
		if all := done.all(); len(all) != 2 {
			t.Errorf("done are %v", all)
		}
		left(t, memory, 2)
		if records := a.logs.FilterMessage("messages left in memory").All(); len(records) != 1 || records[0].ContextMap()["messages"] != int64(2) {
			t.Errorf("%v", records)
		}
	})
}

// left tells how many messages are ready for the next application.
func left(t *testing.T, memory *queue.Memory, want int64) {
	t.Helper()
	transport := memory.Connect()
	defer func() { must(t, transport.Close(t.Context())) }()
	q, err := transport.Open(t.Context(), queue.Spec{Name: "invoice", Takeover: 30 * time.Second})
	must(t, err)
	stats, err := q.Stats(t.Context())
	must(t, err)
	if stats.Ready != want || stats.InFlight != 0 {
		t.Errorf("left are %+v, want %d", stats, want)
	}
}

func TestWhatIsNotDoneWhenTheBudgetEndsIsGivenBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, causes := queue.NewMemory(queue.MemoryOptions{}), &journal[string]{}
		a, err := build(sharing(memory), queue.Handle[invoice](handler(func(ctx context.Context, _ invoice) error {
			<-ctx.Done()
			causes.note(context.Cause(ctx).Error())
			return ctx.Err()
		}), queue.Concurrency(2)))
		must(t, err)
		must(t, a.Start(t.Context()))
		must(t, a.invoices.SendAll(t.Context(), make([]invoice, 3)))
		synctest.Wait()
		begin := time.Now()
		must(t, stopWithin(t, a, 20*time.Second))
		wantTook(t, begin, 19*time.Second) // a second is kept for giving back
		wantNotes(t, causes, "queue: the host cannot wait any longer", "queue: the host cannot wait any longer")
		left(t, memory, 3)
	})
}

func TestAHandlerThatIgnoresItsContextIsLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, release := queue.NewMemory(queue.MemoryOptions{}), make(chan struct{})
		a, err := build(sharing(memory), queue.Handle[invoice](handler(func(context.Context, invoice) error {
			<-release
			return nil
		}), queue.Takeover(30*time.Second)))
		must(t, err)
		must(t, a.Start(t.Context()))
		must(t, a.invoices.SendAll(t.Context(), make([]invoice, 3)))
		synctest.Wait()
		begin := time.Now()
		err = stopWithin(t, a, 20*time.Second)
		if err == nil || !strings.Contains(err.Error(), `stop service "queue.invoice": context deadline exceeded: messages still being handled: 1`) ||
			!errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begin); took > 21*time.Second {
			t.Errorf("took %v", took)
		}
		close(release)
		synctest.Wait()
		left(t, memory, 3) // the connection was closed before it was done
	})
}

func TestAStopDoesNotWaitForARetry(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]queue.Option{"": nil, "ordered": {queue.Ordered(2), queue.KeyBy(customerOf)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, err := build(queue.Handle[invoice](handler(func(context.Context, invoice) error { return errBroken }),
					append(options, queue.Backoff(time.Hour, time.Hour))...))
				must(t, err)
				must(t, a.Start(t.Context()))
				must(t, a.invoices.Send(t.Context(), invoice{Customer: "a"}))
				time.Sleep(time.Minute)
				begin := time.Now()
				must(t, stopWithin(t, a, time.Minute))
				wantTook(t, begin, 0)
			})
		})
	}
}

func TestStopTwiceAndBeforeStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		handle := queue.Handle[invoice](handler(func(context.Context, invoice) error { return nil }))
		a, err := build(handle)
		must(t, err)
		must(t, a.Stop(t.Context()))
		a, err = build(handle)
		must(t, err)
		must(t, a.Start(t.Context()))
		must(t, a.Stop(t.Context()))
		must(t, a.Stop(t.Context()))
		err = a.invoices.Send(t.Context(), invoice{})
		if !errors.Is(err, queue.ErrClosed) {
			t.Errorf("error %v", err)
		}
		wantText(t, err, "queue: send queue_test.invoice: queue: closed: "+
			"the host has stopped handling these messages, and memory keeps none for later")
	})
}

func TestAStartThatIsCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, err := build(queue.Handle[invoice](handler(func(context.Context, invoice) error { return nil })))
		must(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantText(t, a.Start(ctx), "host: start: context canceled")
	})
}
