package plain_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/docs/how-to/plain"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestClockRunsUntilTheHostStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Start(t, nil, hosted.AddHostedService[*plain.Clock](plain.NewClock))
		time.Sleep(time.Hour + time.Second)
		if err := h.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if got := h.Logs.FilterMessage("clock").Len(); got != 60 {
			t.Errorf("the clock ticked %d times in an hour, want 60", got)
		}
	})
}

// wrong is the mistake that the page warns of.
type wrong struct {
	log  *zap.Logger
	done chan struct{}
}

func newWrong(log *zap.Logger) *wrong { return &wrong{log: log, done: make(chan struct{})} }

func (w *wrong) StartAsync(ctx context.Context) error {
	go func() {
		defer close(w.done)
		select {
		case <-time.After(time.Minute):
			w.log.Info("work")
		case <-ctx.Done():
		}
	}()
	return nil
}

func (w *wrong) StopAsync(context.Context) error {
	<-w.done
	return nil
}

func TestALoopOnTheContextOfTheStartEndsWithTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var service *wrong
		h := hosttest.Start(t, nil, hosted.AddHostedService[*wrong](func(log *zap.Logger) *wrong {
			service = newWrong(log)
			return service
		}))
		synctest.Wait()
		select {
		case <-service.done:
		default:
			t.Error("the loop still runs")
		}
		if h.Logs.FilterMessage("work").Len() != 0 {
			t.Error("the loop has worked")
		}
	})
}

// failing is a clock whose loop fails.
type failing struct {
	*plain.Clock
	done chan struct{}
}

var errBroken = errors.New("broken")

func (f *failing) Done() <-chan struct{} { return f.done }
func (f *failing) Err() error            { return errBroken }

func TestTheHostStopsIfTheLoopFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &failing{done: make(chan struct{})}
		h := hosttest.Start(t, nil, hosted.AddHostedService[*failing](func(log *zap.Logger) *failing {
			f.Clock = plain.NewClock(log)
			return f
		}))
		close(f.done)
		if err := h.WaitForShutdown(t.Context()); !errors.Is(err, errBroken) {
			t.Errorf("error is %v", err)
		}
	})
}
