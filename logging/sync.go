package logging

import (
	"errors"
	"runtime"
	"syscall"

	"go.uber.org/zap"
)

// Sync flushes log. It ignores the errors that zap's Logger.Sync returns because a
// terminal, a pipe or a closed standard stream cannot be flushed.
func Sync(log *zap.Logger) error { return leaveOut(log.Sync()) }

// leaveOut looks into joined errors: one real error must not be hidden by a
// harmless one.
func leaveOut(err error) error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var rest []error
		for _, e := range joined.Unwrap() {
			rest = append(rest, leaveOut(e))
		}
		return errors.Join(rest...)
	}
	const invalidHandle = syscall.Errno(6) // what Windows says of a console
	switch {
	case errors.Is(err, syscall.EINVAL), errors.Is(err, syscall.ENOTTY), errors.Is(err, syscall.EBADF),
		runtime.GOOS == "windows" && errors.Is(err, invalidHandle):
		return nil
	}
	return err
}
