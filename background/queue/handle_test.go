package queue_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

// unit is what each message has of its own.
type unit struct{ number int }

type scopedHandler struct {
	unit *unit
	done *journal[[2]int]
}

func newScopedHandler(u *unit, done *journal[[2]int]) *scopedHandler { return &scopedHandler{u, done} }

func (h *scopedHandler) Handle(_ context.Context, i invoice) error {
	h.done.note([2]int{i.Number, h.unit.number})
	return nil
}

func TestEachMessageIsHandledInAScopeOfItsOwn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		made, closed, done := 0, 0, &journal[[2]int]{}
		a := start(t,
			fx.Supply(done),
			scope.Provide(func() (*unit, func()) { made++; return &unit{made}, func() { closed++ } }),
			queue.Handle[invoice](newScopedHandler),
		)
		must(t, a.invoices.Send(t.Context(), invoice{Number: 7}))
		must(t, a.invoices.SendAll(t.Context(), []invoice{{Number: 8}, {Number: 9}}))
		synctest.Wait()
		wantNotes(t, done, [2]int{7, 1}, [2]int{8, 2}, [2]int{9, 3})
		if closed != 3 {
			t.Errorf("%d scopes of 3 are closed", closed)
		}
		if got := a.queues.List(t.Context())[0]; got.Name != "invoice" || got.Message != "queue_test.invoice" || got.Succeeded != 3 ||
			got.Engine != "memory" || !got.Handled || got.Stats != (queue.Stats{}) || !got.Connection.Connected {
			t.Errorf("%+v", got)
		}
	})
}

func TestAFailedMessageIsTriedAgainAfterAWhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		times := &journal[time.Duration]{}
		begin := time.Now()
		a := start(t, queue.Handle[invoice](handler(func(context.Context, invoice) error {
			times.note(time.Since(begin))
			return errBroken
		}), queue.Attempts(8), queue.Backoff(time.Second, 20*time.Second), queue.Jitter(0)))
		must(t, a.invoices.Send(t.Context(), invoice{}))
		time.Sleep(time.Hour)
		wantNotes(t, times, 0, 1*time.Second, 3*time.Second, 7*time.Second, 15*time.Second, 31*time.Second, 51*time.Second, 71*time.Second)
		letters := a.letters(t)
		if len(letters) != 1 || letters[0].Reason != "broken" || letters[0].Attempts != 8 || !letters[0].At.Equal(begin.Add(71*time.Second)) {
			t.Errorf("%+v", letters)
		}
		if got := a.queues.List(t.Context())[0]; got.Failed != 8 || got.Buried != 1 || got.Stats.Dead != 1 {
			t.Errorf("%+v", got)
		}
		warned, told := a.logs.FilterMessage("message failed").All(), a.logs.FilterMessage("message is a dead letter").All()
		if len(warned) != 7 || len(told) != 1 {
			t.Fatalf("%d records of failures, %d of dead letters", len(warned), len(told))
		}
		fields := warned[1].ContextMap()
		if warned[1].LoggerName != "queue.invoice" || fields["attempt"] != int64(2) || fields["delay"] != 2*time.Second ||
			fields["error"] != "broken" || fields["message"] != letters[0].Message.ID {
			t.Errorf("%v %v", warned[1].LoggerName, fields)
		}
	})
}

type loggingHandler struct{ log *zap.Logger }

func newLoggingHandler(log *zap.Logger) *loggingHandler { return &loggingHandler{log} }

func (h *loggingHandler) Handle(context.Context, invoice) error {
	h.log.Info("handled")
	return nil
}

func TestAHandlerLogsUnderItsOwnType(t *testing.T) {
	t.Parallel()
	a := start(t, queue.Handle[invoice](newLoggingHandler))
	must(t, a.invoices.Invoke(t.Context(), invoice{}))
	if records := a.logs.FilterMessage("handled").All(); len(records) != 1 || records[0].LoggerName != "queue_test.loggingHandler" {
		t.Errorf("%+v", records)
	}
}

// closingHandler is a handler that somebody else closes.
type closingHandler struct{ handled, closed int }

func (h *closingHandler) Handle(context.Context, invoice) error { h.handled++; return nil }
func (h *closingHandler) Close() error                          { h.closed++; return nil }

func TestAHandlerMayBeAValue(t *testing.T) {
	t.Parallel()
	var handled []int
	a := start(t, queue.Handle[invoice](queue.HandlerFunc[invoice](func(_ context.Context, i invoice) error {
		handled = append(handled, i.Number)
		return nil
	})))
	must(t, a.invoices.Invoke(t.Context(), invoice{Number: 1}))
	must(t, a.invoices.Invoke(t.Context(), invoice{Number: 2}))
	if !slices.Equal(handled, []int{1, 2}) {
		t.Errorf("handled are %v", handled)
	}
	h := &closingHandler{}
	b := start(t, queue.Handle[invoice](h))
	must(t, b.invoices.Invoke(t.Context(), invoice{}))
	must(t, b.invoices.Invoke(t.Context(), invoice{}))
	if h.handled != 2 || h.closed != 0 {
		t.Errorf("%+v", h)
	}
}

func TestTheWaitIsWithinTheJitter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		times := &journal[time.Time]{}
		a := start(t, queue.Handle[invoice](handler(func(context.Context, invoice) error {
			times.note(time.Now())
			return errBroken
		}), queue.Attempts(200), queue.Backoff(10*time.Second, 10*time.Second), queue.Jitter(0.3)))
		must(t, a.invoices.Send(t.Context(), invoice{}))
		time.Sleep(2 * time.Hour)
		all := times.all()
		low, high := time.Hour, time.Duration(0)
		for i := range all[1:] {
			wait := all[i+1].Sub(all[i])
			low, high = min(low, wait), max(high, wait)
		}
		if len(all) != 200 || low < 7*time.Second || high > 10*time.Second || high-low < 2*time.Second {
			t.Errorf("%d attempts, waits of %v to %v", len(all), low, high)
		}
	})
}

type panickyError struct{}

func (panickyError) Error() string { panic("no text") }

func TestEveryKindOfFailureIsOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fail     func() error
		reason   string
		attempts int
	}{
		"error":         {func() error { return errBroken }, "broken", 2},
		"panic":         {func() error { panic("oops") }, "panic: oops", 2},
		"Goexit":        {func() error { runtime.Goexit(); return nil }, "goroutine exited without returning (runtime.Goexit)", 2},
		"panicky error": {func() error { return panickyError{} }, "an error whose text panics: no text", 2},
		"permanent":     {func() error { return queue.Permanent(errBroken) }, "broken", 1},
		"within":        {func() error { return errors.Join(errBroken, queue.Permanent(errBroken)) }, "broken\nbroken", 1},
	} {
		for kind, options := range map[string][]queue.Option{
			"": nil, " ordered": {queue.Ordered(1), queue.KeyBy(customerOf)},
		} {
			t.Run(name+kind, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					begin, done := time.Now(), &journal[int]{}
					a := start(t, queue.Handle[invoice](handler(func(ctx context.Context, i invoice) error {
						if i.Number == 7 {
							if ctx.Err() != nil {
								t.Error("the context has ended")
							}
							return c.fail()
						}
						done.note(i.Number)
						return nil
					}), append(options, queue.Attempts(2))...))
					must(t, a.invoices.SendAll(t.Context(), []invoice{{"a", 6}, {"a", 7}, {"a", 8}}))
					time.Sleep(time.Minute)
					wantNotes(t, done, 6, 8)
					letters := a.letters(t)
					if len(letters) != 1 || !strings.HasPrefix(letters[0].Reason, c.reason) {
						t.Fatalf("%+v", letters)
					}
					if took := letters[0].At.Sub(begin); took > 2*time.Second {
						t.Errorf("after %v", took)
					}
					record := a.logs.FilterMessage("message is a dead letter").All()[0].ContextMap()
					if record["attempt"] != int64(c.attempts) || strings.Contains(c.reason, "oops") && record["stack"] == nil {
						t.Errorf("%v", record)
					}
				})
			})
		}
	}
	if queue.Permanent(nil) != nil {
		t.Error("Permanent(nil) is not nil")
	}
}

func TestAHandlerHasItsTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		causes := &journal[string]{}
		a := start(t, queue.Handle[invoice](handler(func(ctx context.Context, _ invoice) error {
			<-ctx.Done()
			causes.note(context.Cause(ctx).Error())
			return ctx.Err()
		}), queue.Timeout(5*time.Second), queue.Attempts(2)))
		must(t, a.invoices.Send(t.Context(), invoice{}))
		time.Sleep(time.Minute)
		wantNotes(t, causes, "5s message timeout reached", "5s message timeout reached")
		if letters := a.letters(t); len(letters) != 1 || letters[0].Reason != "5s message timeout reached: context deadline exceeded" {
			t.Errorf("%+v", letters)
		}
		err := a.invoices.Invoke(t.Context(), invoice{})
		var timeout *hosted.TimeoutError
		if !errors.As(err, &timeout) || timeout.Limit != 5*time.Second {
			t.Errorf("error %v", err)
		}
	})
}

func TestAsManyMessagesAreHandledAtATimeAsTheOptionSays(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 3} {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			ends := &journal[time.Duration]{}
			a := start(t, queue.Handle[invoice](handler(func(context.Context, invoice) error {
				time.Sleep(time.Second)
				ends.note(time.Since(begin))
				return nil
			}), queue.Concurrency(workers)))
			must(t, a.invoices.SendAll(t.Context(), make([]invoice, 6)))
			time.Sleep(time.Hour)
			if all := ends.all(); len(all) != 6 || all[5] != time.Duration(6/workers)*time.Second {
				t.Errorf("%d workers: %v", workers, all)
			}
		})
	}
}

func TestInvokeHandlesHereAndNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, err := build(queue.Handle[invoice](handler(func(_ context.Context, i invoice) error {
			switch i.Number {
			case 0:
				return nil
			case 1:
				return errBroken
			default:
				panic("oops")
			}
		})))
		must(t, err) // it is not started
		must(t, a.invoices.Invoke(t.Context(), invoice{}))
		if err := a.invoices.Invoke(t.Context(), invoice{Number: 1}); !errors.Is(err, errBroken) {
			t.Errorf("error %v", err)
		}
		err = a.invoices.Invoke(t.Context(), invoice{Number: 2})
		var panicked *hosted.PanicError
		if !errors.As(err, &panicked) || len(panicked.Stack) == 0 {
			t.Errorf("error %v", err)
		}
	})
}

func TestAMessageThatTakesLongIsNotTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, handled := queue.NewMemory(queue.MemoryOptions{}), &journal[int]{}
		handle := queue.Handle[invoice](handler(func(_ context.Context, i invoice) error {
			time.Sleep(time.Hour)
			handled.note(i.Number)
			return nil
		}), queue.Takeover(10*time.Second))
		a := start(t, sharing(memory), handle)
		start(t, sharing(memory), handle)
		must(t, a.invoices.Send(t.Context(), invoice{Number: 1}))
		time.Sleep(3 * time.Hour)
		wantNotes(t, handled, 1)
	})
}

// deaf is a transport that cannot extend, and fails when told to.
type deaf struct {
	queue.Transport
	fail chan struct{}
}

type (
	deafQueue struct {
		queue.Queue
		of deaf
	}
	deafReceiver struct {
		queue.Receiver
		of deaf
	}
	deafDelivery struct{ queue.Delivery }
)

func (d deaf) Open(ctx context.Context, spec queue.Spec) (queue.Queue, error) {
	q, err := d.Transport.Open(ctx, spec)
	return deafQueue{q, d}, err
}

func (q deafQueue) Receive(ctx context.Context, prefetch int) (queue.Receiver, error) {
	r, err := q.Queue.Receive(ctx, prefetch)
	return deafReceiver{r, q.of}, err
}

func (r deafReceiver) Next(ctx context.Context) (queue.Delivery, error) {
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-r.of.fail:
			cancel()
		case <-limited.Done():
		}
	}()
	d, err := r.Receiver.Next(limited)
	if err != nil && ctx.Err() == nil {
		return nil, errBroken
	}
	return deafDelivery{d}, err
}

func (deafDelivery) Extend(context.Context) error { return queue.ErrLost }

func TestAMessageThatWasTakenOverEndsItsHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, causes := queue.NewMemory(queue.MemoryOptions{}), &journal[error]{}
		a := start(t,
			queue.Use(func() queue.Transport { return deaf{memory.Connect(), nil} }),
			queue.Handle[invoice](handler(func(ctx context.Context, _ invoice) error {
				<-ctx.Done()
				causes.note(context.Cause(ctx))
				return ctx.Err()
			}), queue.Takeover(9*time.Second), queue.Concurrency(1)))
		must(t, a.invoices.Send(t.Context(), invoice{}))
		time.Sleep(3 * time.Second)
		synctest.Wait()
		wantNotes(t, causes, queue.ErrLost)
		if n := a.logs.FilterMessage("message lost to another process").Len(); n != 1 {
			t.Errorf("%d records", n)
		}
	})
}

func TestAnEngineThatCannotBeReceivedFromIsAFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		memory, fail := queue.NewMemory(queue.MemoryOptions{}), make(chan struct{})
		a, err := build(
			queue.Use(func() queue.Transport { return deaf{memory.Connect(), fail} }),
			queue.Handle[invoice](handler(func(context.Context, invoice) error { return nil }), queue.Concurrency(3)))
		must(t, err)
		must(t, a.Start(t.Context()))
		close(fail)
		err = a.WaitForShutdown(t.Context())
		wantText(t, err, `host: run service "queue.invoice": queue: receive queue_test.invoice: broken`)
	})
}
