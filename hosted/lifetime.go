package hosted

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/exit"
	"github.com/fxhost/fxhost/internal/fields"
)

// ApplicationLifetime tells the moments in the life of a host, and stops it
// (.NET: IHostApplicationLifetime). It is injectable as *ApplicationLifetime
// and safe for concurrent use.
//
// Callbacks run in registration order, one after the other, and the host waits
// for them: those of OnStarted within the start, the others within the shutdown
// budget. A panic of a callback is logged and changes nothing else. One that is
// registered after its moment has passed runs at once, on the caller's
// goroutine.
type ApplicationLifetime struct {
	runner *Runner

	started  moment
	stopping moment
	stopped  moment

	mu          sync.Mutex
	requested   chan struct{} // closed when a stop was asked for
	cause       error
	cancelStart context.CancelCauseFunc // of the start's context, nil before it
	fx          fx.Shutdowner           // of an application that fx runs, else nil
}

// moment is something that happens once.
type moment struct {
	happened  chan struct{}
	callbacks []*member
}

func newLifetime(r *Runner) *ApplicationLifetime {
	return &ApplicationLifetime{
		runner:    r,
		started:   moment{happened: make(chan struct{})},
		stopping:  moment{happened: make(chan struct{})},
		stopped:   moment{happened: make(chan struct{})},
		requested: make(chan struct{}),
	}
}

// Started is closed when all services have started.
func (l *ApplicationLifetime) Started() <-chan struct{} { return l.started.happened }

// Stopping is closed when the host stops, after every StoppingAsync and before
// any StopAsync. See StopRequested for the moment before that.
func (l *ApplicationLifetime) Stopping() <-chan struct{} { return l.stopping.happened }

// Stopped is closed when all services have stopped or were left behind.
func (l *ApplicationLifetime) Stopped() <-chan struct{} { return l.stopped.happened }

// OnStarted registers a callback for Started. Its context ends with the start.
func (l *ApplicationLifetime) OnStarted(callback func(ctx context.Context)) {
	l.on(&l.started, callback)
}

// OnStopping registers a callback for Stopping. Its context ends with the
// shutdown budget.
func (l *ApplicationLifetime) OnStopping(callback func(ctx context.Context)) {
	l.on(&l.stopping, callback)
}

// OnStopped registers a callback for Stopped. Its context ends with the
// shutdown budget.
func (l *ApplicationLifetime) OnStopped(callback func(ctx context.Context)) {
	l.on(&l.stopped, callback)
}

// StopApplication asks the host to stop and returns at once. It is idempotent:
// the first cause wins. A nil cause or a [StopReason] is a normal end; any
// other error is what Run returns in the end.
//
// It ends the context of a start that is going on. It does not stop services by
// itself: that does whoever runs the host, such as Run of package host, or fx
// in an application that has [Module].
func (l *ApplicationLifetime) StopApplication(cause error) {
	if cause == nil {
		cause = StopReason("stop requested")
	}
	if l.request(cause) {
		l.mu.Lock()
		shutdowner := l.fx
		l.mu.Unlock()
		shutDown(shutdowner, cause)
	}
}

// request notes that a stop was asked for; false if it was before.
func (l *ApplicationLifetime) request(cause error) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cause != nil {
		return false
	}
	l.cause = cause
	close(l.requested)
	if l.cancelStart != nil {
		l.cancelStart(&stopRequestError{cause})
	}
	return true
}

// startsWith has the start's context end when a stop is asked for, before
// StopApplication returns, so that no further service is started.
func (l *ApplicationLifetime) startsWith(cancel context.CancelCauseFunc) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cancelStart = cancel
	if l.cause != nil {
		cancel(&stopRequestError{l.cause})
	}
}

// StopRequested is closed when a stop was asked for, at the first call of
// StopApplication or Stop.
func (l *ApplicationLifetime) StopRequested() <-chan struct{} { return l.requested }

// Cause is what the first StopApplication was called with, nil before that.
func (l *ApplicationLifetime) Cause() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cause
}

// onRequest has shutdowner called when a stop is asked for, at once if it was
// already.
func (l *ApplicationLifetime) onRequest(shutdowner fx.Shutdowner) {
	l.mu.Lock()
	l.fx = shutdowner
	cause := l.cause
	l.mu.Unlock()
	if cause != nil {
		shutDown(shutdowner, cause)
	}
}

func shutDown(shutdowner fx.Shutdowner, cause error) {
	if shutdowner != nil {
		// Its error says that a signal is pending: the application stops anyway.
		_ = shutdowner.Shutdown(fx.ExitCode(exit.Code(failure(cause))))
	}
}

func (l *ApplicationLifetime) on(m *moment, callback func(context.Context)) {
	place := caller.Here().String()
	fn := func(ctx context.Context) error {
		callback(ctx)
		return nil
	}
	l.mu.Lock()
	select {
	case <-m.happened:
	default:
		m.callbacks = append(m.callbacks, &member{name: place, callback: fn})
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()
	protect(context.Background(), fn, func(err error) {
		if err != nil {
			l.runner.log.Error("lifetime callback failed", append(stack(err),
				zap.String(fields.Callback, place), zap.Error(err))...)
		}
	})
}

// fire lets the moment of phase p happen and returns its callbacks.
func (l *ApplicationLifetime) fire(p phase) []*member {
	m := map[phase]*moment{
		phaseApplicationStarted:  &l.started,
		phaseApplicationStopping: &l.stopping,
		phaseApplicationStopped:  &l.stopped,
	}[p]
	l.mu.Lock()
	defer l.mu.Unlock()
	close(m.happened)
	return slices.Clone(m.callbacks)
}

// failure is cause, or nil if that is no failure.
func failure(cause error) error {
	if _, normal := cause.(StopReason); normal { //nolint:errorlint // what wraps one, or is joined with it, says more
		return nil
	}
	return cause
}

// stopRequestError is the cause of a start context that StopApplication has ended.
type stopRequestError struct{ cause error }

func (e *stopRequestError) Error() string {
	return fmt.Sprintf("%v while starting: %v", ErrStopped, e.cause)
}
func (e *stopRequestError) Unwrap() []error { return []error{ErrStopped, e.cause} }
