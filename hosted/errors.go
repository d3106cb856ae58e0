package hosted

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

var (
	// ErrAlreadyStarted is returned by a second Start.
	ErrAlreadyStarted = errors.New("host: already started")
	// ErrStopped is returned by a Start after, or cut short by, a stop. A
	// stopped host cannot be started again.
	ErrStopped = errors.New("host: stopped")
)

// ServiceError says which service failed, and in which phase. Several are
// joined in the order in which they happened; [errors.Is] and [errors.As] see
// through.
type ServiceError struct {
	// Service is the name of the service, or the function that appended the
	// hook, and its line.
	Service string
	// Hook is true for a hook of fx.Lifecycle.
	Hook bool
	// Phase is starting, start, started, stopping, stop, stopped, or run for a
	// fault.
	Phase string
	// Err is what the service returned. If its context had ended, it has the
	// cause of that in it.
	Err error
}

func (e *ServiceError) Error() string {
	kind := "service"
	if e.Hook {
		kind = "hook"
	}
	return fmt.Sprintf("host: %s %s %q: %v", e.Phase, kind, e.Service, e.Err)
}

func (e *ServiceError) Unwrap() error { return e.Err }

// TimeoutError is the cause of a context that a limit has ended. It is a
// [context.DeadlineExceeded].
type TimeoutError struct {
	// Name of the limit: start and stop are those of one service, startup and
	// shutdown those of the whole host.
	Name string
	// Limit is how long it was.
	Limit time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%v %s timeout reached", e.Limit, e.Name)
}

func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }

// Timeout is true, as net.Error has it.
func (e *TimeoutError) Timeout() bool { return true }

// PanicError is a panic of a callback or loop, caught. Its text leaves the
// stack out.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the panic's value if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// errExited stands for a callback that ended its goroutine.
var errExited = errors.New("goroutine exited without returning (runtime.Goexit)")

// protect calls fn and turns a panic into a [PanicError]: one broken service
// must not take down the others unasked (rule 8). A call of runtime.Goexit,
// such as testing's FailNow, still ends the goroutine, after report was called
// with an error.
func protect(ctx context.Context, fn func(context.Context) error, report func(error)) {
	err := errExited
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
		report(err)
	}()
	err = fn(ctx)
}

// StopReason is a cause for [ApplicationLifetime.StopApplication] that is no
// failure: the host logs it, and Run returns nil.
type StopReason string //nolint:errname // it is the reason for a stop, and read as such

func (r StopReason) Error() string { return string(r) }
