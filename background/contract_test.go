package background_test

import (
	"context"
	"errors"
	"runtime"
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

// byHand is a hosted service without a base type.
type byHand struct {
	begin func() error
	over  bool
}

func (s *byHand) StartAsync(context.Context) error { return s.begin() }

func (s *byHand) StopAsync(context.Context) error {
	s.over = true
	return nil
}

// kinds are all the ways to add a service called "it", which calls begin when
// it starts.
func kinds(begin func() error) map[string]fx.Option {
	work := func(ctx context.Context) error {
		if err := begin(); err != nil {
			return err
		}
		return untilStopped(ctx)
	}
	name := hosted.Name("it")
	return map[string]fx.Option{
		"plain":             hosted.AddHostedService[*byHand](func() *byHand { return &byHand{begin: begin} }, name),
		"instance":          hosted.AddInstance(&byHand{begin: begin}, name),
		"factory":           hosted.AddFactory(func() hosted.HostedService { return &byHand{begin: begin} }, name),
		"BackgroundService": hosted.AddHostedService[*job](func() *job { return &job{execute: work} }, name),
		"Func":              background.Func("it", work),
		"job":               addWork(&diary{run: work}, background.Once()),
	}
}

// everyKind adds what works on what others hand over: the failures of that are not
// those of the service.
func everyKind(begin func() error) map[string]fx.Option {
	all := kinds(begin)
	all["task queue"] = fx.Options(
		queue.AddTaskQueue(queue.TaskQueueOptions{}, hosted.Name("it")),
		fx.Invoke(func(q *queue.TaskQueue) error { return q.TryEnqueue(func(context.Context) error { return begin() }) }),
	)
	all["message handler"] = fx.Options(
		scope.Module(),
		queue.Handle[int](queue.HandlerFunc[int](func(context.Context, int) error { return begin() }),
			queue.Name("it"), queue.Service(hosted.Name("it"))),
		fx.Invoke(func(s queue.Sender[int]) error { return s.Send(context.Background(), 1) }),
	)
	return all
}

func works() error { return nil }

func stateOf(runner *lifetest.Application) hosted.State {
	status, _ := runner.Services().Get("it")
	return status.State
}

func TestEveryKindOfServiceStartsAndStops(t *testing.T) {
	t.Parallel()
	for kind := range everyKind(works) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runner, _ := build(t, everyKind(works)[kind])
				must(t, runner.Start(t.Context()))
				if got := stateOf(runner); got != hosted.StateRunning {
					t.Errorf("state %v", got)
				}
				time.Sleep(time.Hour)
				must(t, runner.Stop(t.Context()))
				if got := stateOf(runner); got != hosted.StateStopped {
					t.Errorf("state %v", got)
				}
			})
		})
	}
}

func TestEveryKindOfServiceMayBeStoppedTwice(t *testing.T) {
	t.Parallel()
	for kind := range everyKind(works) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runner, _ := build(t, everyKind(works)[kind])
				must(t, runner.Start(t.Context()))
				must(t, runner.Stop(t.Context()))
				must(t, runner.Stop(t.Context()))
			})
		})
	}
}

func TestEveryKindOfServiceMayBeStoppedBeforeItWasStarted(t *testing.T) {
	t.Parallel()
	for kind := range everyKind(works) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runner, _ := build(t, everyKind(works)[kind])
				must(t, runner.Stop(t.Context()))
				if got := stateOf(runner); got != hosted.StateRegistered {
					t.Errorf("state %v", got)
				}
			})
		})
	}
}

func TestEveryKindOfServiceIsNotStartedOnAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	begin := func() error { return errors.New("was started") }
	for kind := range everyKind(begin) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runner, _ := build(t, everyKind(begin)[kind])
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				wantText(t, runner.Start(ctx), "host: start: context canceled")
			})
		})
	}
}

func TestEveryKindOfServiceIsStoppedWhenTheStartOfAnotherIsCancelled(t *testing.T) {
	t.Parallel()
	for kind := range everyKind(works) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				slow := &eager{job: job{execute: untilStopped}, takes: time.Second}
				runner, _ := build(t, everyKind(works)[kind], hosted.AddInstance(slow))
				ctx, cancel := context.WithTimeout(t.Context(), time.Second-time.Millisecond)
				defer cancel()
				if err := runner.Start(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
				if got := stateOf(runner); got != hosted.StateStopped {
					t.Errorf("state %v", got)
				}
			})
		})
	}
}

func TestFailureOfEveryKindOfServiceNamesIt(t *testing.T) {
	t.Parallel()
	begin := func() error { return errBroken }
	for kind := range kinds(begin) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runner, _ := build(t, kinds(begin)[kind])
				err := startThenStop(t, runner)
				var failed *hosted.ServiceError
				if !errors.As(err, &failed) || failed.Service != "it" || !errors.Is(err, errBroken) {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestPanicOfEveryKindOfServiceIsAnError(t *testing.T) {
	t.Parallel()
	begin := func() error { panic("oops") }
	for kind := range kinds(begin) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runner, _ := build(t, kinds(begin)[kind])
				err := startThenStop(t, runner)
				var failed *hosted.ServiceError
				var panicked *hosted.PanicError
				if !errors.As(err, &failed) || failed.Service != "it" || !errors.As(err, &panicked) || len(panicked.Stack) == 0 {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestGoexitOfEveryKindOfServiceIsAnError(t *testing.T) {
	t.Parallel()
	begin := func() error { runtime.Goexit(); return nil }
	for kind := range kinds(begin) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runner, _ := build(t, kinds(begin)[kind])
				err := startThenStop(t, runner)
				var failed *hosted.ServiceError
				if !errors.As(err, &failed) || failed.Service != "it" || !strings.Contains(err.Error(), "runtime.Goexit") {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestEveryKindOfServiceThatIgnoresItsContextIsLeftBehind(t *testing.T) {
	t.Parallel()
	begin := func() error { time.Sleep(time.Hour); return errBroken }
	for kind := range everyKind(begin) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runner, _ := build(t, everyKind(begin)[kind])
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				err := runner.Start(ctx)
				if err == nil {
					time.Sleep(time.Second)
					err = runner.Stop(ctx)
				}
				var failed *hosted.ServiceError
				if !errors.As(err, &failed) || failed.Service != "it" || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("error %v", err)
				}
				time.Sleep(2 * time.Hour)
			})
		})
	}
}

func TestEveryKindOfServiceMayBeStoppedInTheMiddle(t *testing.T) {
	t.Parallel()
	for kind := range everyKind(works) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				runner, _ := build(t, everyKind(works)[kind])
				must(t, runner.Start(t.Context()))
				synctest.Wait() // it is at work
				begin := time.Now()
				must(t, runner.Stop(t.Context()))
				wantTook(t, begin, 0)
				if got := stateOf(runner); got != hosted.StateStopped {
					t.Errorf("state %v", got)
				}
			})
		})
	}
}

// startThenStop returns the error of the start, or else of a stop a while
// later.
func startThenStop(t *testing.T, runner *lifetest.Application) error {
	t.Helper()
	if err := runner.Start(t.Context()); err != nil {
		return err
	}
	time.Sleep(time.Second)
	return runner.Stop(t.Context())
}
