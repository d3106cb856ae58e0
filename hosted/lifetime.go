package hosted

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/walk"
)

// ApplicationLifetime reports when a host has started, is stopping and has
// stopped, and stops it (.NET: IHostApplicationLifetime). It is injectable as
// *ApplicationLifetime and safe for concurrent use.
//
// Callbacks run one after the other, in registration order, and the host waits
// for them: for those of OnStarted within the start, for the others within the
// shutdown budget. A panic in a callback is logged and has no other effect. A
// callback that is registered too late runs immediately, on the caller's goroutine.
type ApplicationLifetime struct{ runner *runner }

// Started is closed when all services have started.
func (l *ApplicationLifetime) Started() <-chan struct{} {
	return l.runner.table.applicationStarted.Begun
}

// Stopping is closed when the host stops, after every StoppingAsync and before
// any StopAsync. [ApplicationLifetime.StopRequested] is closed earlier.
func (l *ApplicationLifetime) Stopping() <-chan struct{} {
	return l.runner.table.applicationStopping.Begun
}

// Stopped is closed when all services have stopped or were left behind.
func (l *ApplicationLifetime) Stopped() <-chan struct{} {
	return l.runner.table.applicationStopped.Begun
}

// OnStarted registers a callback for Started. Its context ends with the start.
func (l *ApplicationLifetime) OnStarted(callback func(ctx context.Context)) {
	l.on(l.runner.table.applicationStarted, callback)
}

// OnStopping registers a callback for Stopping. Its context ends with the
// shutdown budget.
func (l *ApplicationLifetime) OnStopping(callback func(ctx context.Context)) {
	l.on(l.runner.table.applicationStopping, callback)
}

// OnStopped registers a callback for Stopped. Its context ends with the
// shutdown budget.
func (l *ApplicationLifetime) OnStopped(callback func(ctx context.Context)) {
	l.on(l.runner.table.applicationStopped, callback)
}

// StopApplication asks the host to stop and returns immediately. The first cause
// wins. A nil cause, a [StopReason] or a [StopSignal] is a normal end; Run returns
// any other error. A later call has one effect: it cuts the drain short, if there
// is one.
//
// If the host is starting, the context of the start ends. StopApplication does not
// stop services by itself: whoever runs the host does, such as Run of package host,
// or fx in an application that has [Module].
func (l *ApplicationLifetime) StopApplication(cause error) {
	if cause == nil {
		cause = StopReason("stop requested")
	}
	l.runner.stopping.MakeOrHurry(cause, walk.Inside)
}

// StopRequested is closed when a stop is requested, before anything stops.
func (l *ApplicationLifetime) StopRequested() <-chan struct{} { return l.runner.stopping.Made() }

// Cause returns why the stop was requested, nil before that.
func (l *ApplicationLifetime) Cause() error { return l.runner.stopping.Cause() }

func (l *ApplicationLifetime) on(row *walk.Row, fn func(context.Context)) {
	place := caller.Here().String()
	c := &callback{l.runner, place, row, guarded(place, func(ctx context.Context) error {
		fn(ctx)
		return nil
	})}
	if l.runner.walk.Add(c, int(middle), row) == nil {
		walk.Call(context.Background(), c.fn, func(err error) { _ = c.Report(row, walk.Outcome{Err: err}) })
	}
}

// callback is a callback of ApplicationLifetime in the walk.
type callback struct {
	runner *runner
	place  string // that registered it
	row    *walk.Row
	fn     func(context.Context) error
}

// Concurrent implements walk.Participant: callbacks run one after the other.
func (c *callback) Concurrent() bool { return false }

// Step implements walk.Participant.
func (c *callback) Step(row *walk.Row) (step func(context.Context) error, limit time.Duration) {
	if row != c.row {
		return nil, 0
	}
	return c.fn, 0
}

// Report implements walk.Participant. A callback may not take the host down.
func (c *callback) Report(row *walk.Row, o walk.Outcome) error {
	if err := explain(o); err != nil {
		c.runner.log.Error("lifetime callback failed", withStack(err, zap.String(fields.Callback, c.place),
			zap.String(fields.Phase, row.Name), zap.Duration(fields.Elapsed, o.Elapsed))...)
	}
	return nil
}

// Waiting implements walk.Participant.
func (c *callback) Waiting(row *walk.Row, elapsed time.Duration) {
	c.runner.log.Warn("waiting for lifetime callback", zap.String(fields.Callback, c.place),
		zap.String(fields.Phase, row.Name), zap.Duration(fields.Elapsed, elapsed))
}

// Returned implements walk.Participant.
func (c *callback) Returned(row *walk.Row, err error) {
	c.runner.log.Warn("lifetime callback returned late",
		withStack(err, zap.String(fields.Callback, c.place), zap.String(fields.Phase, row.Name))...)
}

// failure is cause, or nil if that is no failure.
func failure(cause error) error {
	switch cause.(type) { //nolint:errorlint // what wraps one, or is joined with it, says more
	case StopReason, StopSignal:
		return nil
	default:
		return cause
	}
}

// stopRequestError is the cause of a start context that a request to stop has
// ended.
type stopRequestError struct{ cause error }

func (e *stopRequestError) Error() string {
	return fmt.Sprintf("%v while starting: %v", ErrStopped, e.cause)
}
func (e *stopRequestError) Unwrap() []error { return []error{ErrStopped, e.cause} }

func isStopRequest(cause error) bool {
	_, is := cause.(*stopRequestError) //nolint:errorlint // the runner gives the context the bare one
	return is
}
