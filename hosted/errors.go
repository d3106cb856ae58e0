package hosted

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/fxhost/fxhost/internal/exit"
)

var (
	// ErrAlreadyStarted is returned by a second Start.
	ErrAlreadyStarted = errors.New("host: already started")
	// ErrStopped is returned by a Start that comes after a stop or is cut short by
	// one. A stopped host cannot be started again.
	ErrStopped = errors.New("host: stopped")
	// ErrUnfinished is in the error of a host with [Options].StopWhenDone that was
	// stopped by a signal, or by the end of the context it was run with, before the
	// work of every [Awaiter] was done. Its exit code is that of a [StopSignal], or 1.
	ErrUnfinished = errors.New("host: stopped before its work was done")
)

// unfinishedError says whose work was cut short.
type unfinishedError struct {
	cause    error
	services []string
}

func (e *unfinishedError) Error() string {
	return fmt.Sprintf("%v (%v): services %q", ErrUnfinished, e.cause, e.services)
}
func (e *unfinishedError) Unwrap() []error { return []error{ErrUnfinished, e.cause} }

// ExitCode is what the process exits with.
func (e *unfinishedError) ExitCode() int { return exit.Code(e.cause) }

// errStartOver is the cause of the context of a start that has succeeded. Code that
// finds it runs its work on the context of StartAsync.
var errStartOver = errors.New("host: the start is over: the context of StartAsync bounds starting only; " +
	"work that goes on needs a context of its own, as background.BackgroundService has")

// ServiceError says which service failed, and in which phase. Several are joined
// in the order in which they happened; [Failures] lists them.
type ServiceError struct {
	// Service is the name of the service, or the function that appended the
	// hook, and its line.
	Service string
	// Hook is true for a hook of fx.Lifecycle.
	Hook bool
	// Phase is one of [PhaseStarting] to [PhaseStopped].
	Phase string
	// Err is what the service returned. If its context had ended, Err wraps the
	// cause of that, too.
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

// Failures lists every [ServiceError] in the tree of err, such as that of
// [Module], Host.Run or Host.Stop, in the order in which they happened.
func Failures(err error) (failures []*ServiceError) {
	defer func() { _ = recover() }() // of an Unwrap; what was found by then is kept
	switch e := err.(type) {         //nolint:errorlint // each error of the tree is looked at
	case *ServiceError:
		failures = append(failures, e)
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			failures = append(failures, Failures(err)...)
		}
	case interface{ Unwrap() error }:
		failures = Failures(e.Unwrap())
	}
	return failures
}

// TimeoutError is the cause of a context that ended because a limit was reached.
// It wraps [context.DeadlineExceeded].
type TimeoutError struct {
	// Name of the limit: start, stop and cleanup are limits of one service, startup
	// and shutdown those of the whole host, run that of one run of a job.
	Name string
	// Limit is how long it was.
	Limit time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("%v %s timeout reached", e.Limit, e.Name)
}

func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }

// Timeout returns true, as for a [net.Error].
//
// [net.Error]: https://pkg.go.dev/net#Error
func (e *TimeoutError) Timeout() bool { return true }

// PanicError is a recovered panic. Its text does not include the stack.
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

// guard turns a panic of fn into a [PanicError]: one broken service must not take
// down the others. nil stays nil.
func guard(fn func(context.Context) error) func(context.Context) error {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context) (err error) {
		defer func() {
			if value := recover(); value != nil {
				err = &PanicError{Value: value, Stack: debug.Stack()}
			}
		}()
		return fn(ctx)
	}
}

// StopReason is a cause for [ApplicationLifetime.StopApplication] that is not a
// failure: the host logs it, and Run returns nil.
//
//nolint:errname // it is the reason for a stop, and read as such
type StopReason string

func (r StopReason) Error() string { return string(r) }

// StopSignal is a [StopReason] that came as a signal of the operating system.
//
//nolint:errname // as StopReason
type StopSignal struct{ Signal syscall.Signal }

func (s StopSignal) Error() string { return fmt.Sprintf("%v signal received", s.Signal) }

// ExitCode is 128 plus the number of the signal. The process exits with it if the
// signal cut work short, see [ErrUnfinished].
func (s StopSignal) ExitCode() int { return 128 + int(s.Signal) }
