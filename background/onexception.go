package background

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/fxhost/fxhost/hosted"
)

// ExceptionHandler is an optional interface of a [Job] that decides what a failure
// of its run leads to. A job that could not be made is not asked, and neither is one
// that is being stopped.
type ExceptionHandler interface {
	// OnException is called with what Run returned, with a *hosted.PanicError, or for a
	// Goexit, before the scope of the run is closed. ctx ends when the job is stopped,
	// but not with the [RunTimeout]. If it panics, that is joined to err, and the job
	// goes on.
	OnException(ctx context.Context, err error) Decision
}

// Decision is what an [ExceptionHandler] wants.
type Decision uint8

const (
	// GoOn logs the failure, and repeats the run if there is a [Retry]; then the next
	// run comes. It is what happens without an ExceptionHandler.
	GoOn Decision = iota
	// Skip takes the run for one that has succeeded.
	Skip
	// GiveUp ends the job: the failure is a fault of its service, see hosted.OnFault.
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
