package queue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/lifetest"
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
		wantText(t, err, "queue: send queue_test.invoice: "+hostIsStopping)
	})
}

const hostIsStopping = "queue: closed: the host is stopping, nobody takes these messages any more, and memory keeps none for later"

func TestTheStopWakesASendThatWaitsForRoom(t *testing.T) {
	t.Parallel()
	full := queue.UseMemory(queue.MemoryOptions{Capacity: 1})
	handle := queue.Handle[invoice](handler(func(ctx context.Context, _ invoice) error {
		<-ctx.Done()
		return nil
	}), queue.Takeover(time.Hour))
	for name, c := range map[string]struct {
		option  fx.Option
		started bool
		takes   time.Duration // of the handler; the sender takes none
	}{
		"handled":             {handle, true, 29 * time.Second},
		"received":            {fx.Options(queue.Declare[invoice](queue.Takeover(time.Hour)), fx.Invoke(func(queue.Consumer[invoice]) {})), true, 0},
		"without a start":     {handle, false, 0},
		"received, unstarted": {fx.Options(queue.Declare[invoice](), fx.Invoke(func(queue.Consumer[invoice]) {})), false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sender := &lateSender{sent: make(chan error, 1)}
				a, err := build(full, hosted.AddHostedService[*lateSender](func(s queue.Sender[invoice]) *lateSender {
					sender.invoices = s
					return sender
				}), c.option)
				must(t, err)
				if c.started {
					must(t, a.Start(t.Context()))
				}
				must(t, a.invoices.Send(t.Context(), invoice{}))
				go func() { sender.sent <- a.invoices.Send(context.WithoutCancel(t.Context()), invoice{}) }()
				synctest.Wait()
				begin := time.Now()
				must(t, stopWithin(t, a, 30*time.Second))
				wantTook(t, begin, c.takes)
				if !c.started {
					sender.result = <-sender.sent
				}
				wantText(t, sender.result, "queue: send queue_test.invoice: "+hostIsStopping)
				if !errors.Is(sender.result, queue.ErrClosed) {
					t.Errorf("error %v", sender.result)
				}
			})
		})
	}
}

// lateSender is a service whose StopAsync waits for a Send.
type lateSender struct {
	invoices queue.Sender[invoice]
	sent     chan error
	result   error
}

func (*lateSender) StartAsync(context.Context) error { return nil }

func (s *lateSender) StopAsync(ctx context.Context) error {
	select {
	case s.result = <-s.sent:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestAHostIsDoneThatHasMessagesToHandle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, err := lifetest.New(nil, hosted.Options{StopWhenDone: true}, scope.Module(),
			queue.Handle[invoice](handler(func(context.Context, invoice) error { return nil })),
			background.Func("work", func(context.Context) error { time.Sleep(time.Minute); return nil }))
		must(t, err)
		begin := time.Now()
		must(t, app.Start(t.Context()))
		must(t, app.WaitForShutdown(t.Context()))
		wantTook(t, begin, time.Minute)
	})
}

func TestMessagesToHandleAreNoUnfinishedWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app, err := lifetest.New(nil, hosted.Options{StopWhenDone: true}, scope.Module(),
			queue.Handle[invoice](handler(func(context.Context, invoice) error { return nil })))
		must(t, err)
		must(t, app.Start(t.Context()))
		app.StopFromOutside(hosted.StopReason("a test"))
		must(t, app.WaitForShutdown(t.Context()))
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
