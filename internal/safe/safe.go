// Package safe is for calls of other people's code: of the methods of errors, which
// may panic (a typed nil is enough; what panics has no answer), and of functions that
// end their goroutine.
package safe

import "errors"

// ErrExited stands for a function that ended its goroutine instead of returning.
var ErrExited = errors.New("goroutine exited without returning (runtime.Goexit)")

// Is is [errors.Is], false if that panics.
func Is(err, target error) (is bool) {
	defer func() { _ = recover() }()
	return errors.Is(err, target)
}

// As returns the first T in the tree of err; false if there is none, or a method
// on the way to it panics.
func As[T any](err error) (found T, ok bool) {
	defer func() { _ = recover() }()
	ok = errors.As(err, &found)
	return found, ok
}
