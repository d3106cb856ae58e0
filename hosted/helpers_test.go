package hosted_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/lifetest"
)

const (
	// wait is how long a call may take after its context has ended.
	wait = 100 * time.Millisecond
	// grace is how much of it a call has that begins after the budget has run out.
	grace = 75 * time.Millisecond
	// budget of a stop that was given no other.
	budget = hosted.DefaultShutdownTimeout
)

var errBroken = errors.New("broken")

// journal is what was called, in order.
type journal struct {
	mu    sync.Mutex
	calls []string
}

func (j *journal) note(call string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.calls = append(j.calls, call)
}

// take returns the calls since the last take.
func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	calls := j.calls
	j.calls = nil
	return calls
}

// want compares the calls since the last take with a comma-separated list.
func (j *journal) want(t *testing.T, list string) {
	t.Helper()
	if got := strings.Join(j.take(), ", "); got != list {
		t.Errorf("calls:\n got  %s\n want %s", got, list)
	}
}

// step is what a service does in one phase.
type step func(ctx context.Context) error

// steps are what a service does in the phases named; in all others it only
// notes the call.
type steps map[string]step

func fails(context.Context) error { return errBroken }

// waits is a step that goes on until its context ends, and says so.
func waits(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func panics(context.Context) error { panic("oops") }

func exits(context.Context) error {
	runtime.Goexit()
	return nil
}

// takes is a step that takes d, whatever becomes of its context.
func takes(d time.Duration) step {
	return func(context.Context) error {
		time.Sleep(d)
		return nil
	}
}

// hangs is a step that returns at the end of the test only.
func hangs(t *testing.T) step {
	t.Helper()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	return func(context.Context) error {
		<-release
		return nil
	}
}

// plain is a hosted service that notes its calls.
type plain struct {
	name    string
	journal *journal
	steps   steps
}

func (s *plain) StartAsync(ctx context.Context) error { return s.call(ctx, "start") }
func (s *plain) StopAsync(ctx context.Context) error  { return s.call(ctx, "stop") }

func (s *plain) call(ctx context.Context, phase string) error {
	s.journal.note(s.name + " " + phase)
	if step := s.steps[phase]; step != nil {
		return step(ctx)
	}
	return nil
}

// full is one with all six methods.
type full struct{ plain }

func (s *full) StartingAsync(ctx context.Context) error { return s.call(ctx, "starting") }
func (s *full) StartedAsync(ctx context.Context) error  { return s.call(ctx, "started") }
func (s *full) StoppingAsync(ctx context.Context) error { return s.call(ctx, "stopping") }
func (s *full) StoppedAsync(ctx context.Context) error  { return s.call(ctx, "stopped") }

// worker is one whose work can end by itself.
type worker struct {
	plain
	done chan struct{}
	err  error // read it after done
}

func (w *worker) Done() <-chan struct{} { return w.done }
func (w *worker) Err() error            { return w.err }

func (w *worker) end(err error) {
	w.err = err
	close(w.done)
}

// application is one in a test, and what is known of it.
type application struct {
	*lifetest.Application
	*journal

	options hosted.Options
	log     *zap.Logger
	logs    *observer.ObservedLogs
}

func newApplication(options hosted.Options) *application {
	core, logs := observer.New(zapcore.DebugLevel)
	return &application{journal: &journal{}, options: options, log: zap.New(core), logs: logs}
}

func (a *application) plain(name string, steps steps, options ...hosted.ServiceOption) fx.Option {
	service := &plain{name: name, journal: a.journal, steps: steps}
	return hosted.AddInstance(service, append(options, hosted.Name(name))...)
}

func (a *application) full(name string, steps steps, options ...hosted.ServiceOption) fx.Option {
	service := &full{plain{name: name, journal: a.journal, steps: steps}}
	return hosted.AddInstance(service, append(options, hosted.Name(name))...)
}

func (a *application) worker(name string, options ...hosted.ServiceOption) (*worker, fx.Option) {
	service := &worker{plain: plain{name: name, journal: a.journal}, done: make(chan struct{})}
	return service, hosted.AddInstance(service, append(options, hosted.Name(name))...)
}

// hook is one of fx.Lifecycle, appended where the option stands.
func (a *application) hook(name string, onStart, onStop step) fx.Option {
	return fx.Invoke(func(l fx.Lifecycle) {
		note := func(phase string, step step) func(context.Context) error {
			if step == nil {
				return nil
			}
			return func(ctx context.Context) error {
				a.note(name + " " + phase)
				return step(ctx)
			}
		}
		l.Append(fx.Hook{OnStart: note("start", onStart), OnStop: note("stop", onStop)})
	})
}

// works is a step without a failure.
func works(context.Context) error { return nil }

// build has fx build the application.
func (a *application) build(t *testing.T, options ...fx.Option) {
	t.Helper()
	built, err := lifetest.New(a.log, a.options, options...)
	if err != nil {
		t.Fatalf("fx.New: %v", err)
	}
	a.Application = built
}

func (a *application) start(t *testing.T) {
	t.Helper()
	if err := a.Start(t.Context()); err != nil {
		t.Fatalf("Start: %v", err)
	}
}

func (a *application) stop(t *testing.T) {
	t.Helper()
	if err := a.Stop(t.Context()); err != nil {
		t.Fatalf("Stop: %v", err)
	}
}

// state is that of the service called name.
func (a *application) state(name string) hosted.State {
	status, _ := a.Services().Get(name)
	return status.State
}

// logged returns the fields of the records with message.
func (a *application) logged(message string) []map[string]any {
	var list []map[string]any
	for _, entry := range a.logs.FilterMessage(message).All() {
		list = append(list, entry.ContextMap())
	}
	return list
}

// wantText compares the text of err.
func wantText(t *testing.T, err error, lines ...string) {
	t.Helper()
	if want := strings.Join(lines, "\n"); err == nil || err.Error() != want {
		t.Errorf("error:\n got  %v\n want %s", err, want)
	}
}

func wantIs(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error %v, want one that is %v", err, target)
	}
}

func wantState(t *testing.T, a *application, name string, want hosted.State) {
	t.Helper()
	if got := a.state(name); got != want {
		t.Errorf("service %q is %v, want %v", name, got, want)
	}
}

// wantTook checks on fake time that since begin exactly want has passed.
func wantTook(t *testing.T, begin time.Time, want time.Duration) {
	t.Helper()
	if got := time.Since(begin); got != want {
		t.Errorf("took %v, want %v", got, want)
	}
}

// wantSame compares two lists without their order.
func wantSame(t *testing.T, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
