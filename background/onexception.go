package background

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/fxhost/fxhost/hosted"
)

// ExceptionHandler is implemented by a [Job] that decides what follows a failed run. It
// is not called if the job could not be constructed, or is being stopped.
type ExceptionHandler interface {
	// OnException is called before the scope of the run is closed. err is what Run
	// returned, a *hosted.PanicError, or an error about a runtime.Goexit. ctx ends when the
	// job is stopped, but not after the [RunTimeout]. A panic of OnException is joined to
	// err, and counts as GoOn.
	OnException(ctx context.Context, err error) Decision
}

// Decision is the result of an [ExceptionHandler].
type Decision uint8

const (
	// GoOn logs the failure, and repeats the run if there is a [Retry]. The next run comes
	// as usual. This also happens without an ExceptionHandler.
	GoOn Decision = iota
	// Skip treats the run as successful.
	Skip
	// GiveUp ends the job. The failure is a fault of its service, see hosted.OnFault.
	GiveUp
)

// ask asks job what to do about err, if it wants to be asked.
func ask(ctx context.Context, job Job, err error) (decision Decision, asked error) {
	handler, ok := job.(ExceptionHandler)
	if !ok || ctx.Err() != nil {
		return GoOn, err
	}
	defer func() {
		if value := recover(); value != nil {
			decision, asked = GoOn, errors.Join(err, &hosted.PanicError{Value: value, Stack: debug.Stack()})
		}
	}()
	return handler.OnException(ctx, err), err
}
