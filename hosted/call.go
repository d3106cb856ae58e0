package hosted

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// shortWait is how long a call may still take after its context has ended.
	shortWait = 100 * time.Millisecond
	// overtime is how long a stop goes on visiting services one by one after the
	// first that was late. Those left then are called side by side and waited for
	// one shortWait in each phase, so that a whole stop takes less than a second
	// more than its budget, however many services are late: one shortWait, the
	// overtime, one for who began just before its end, and one for each phase.
	overtime = 250 * time.Millisecond
	// cleanupLimit bounds the StopAsync of a service whose StartAsync failed.
	cleanupLimit = time.Second
)

// lateError wraps the cause that ended the context of a call that did not
// return.
type lateError struct{ cause error }

func (e *lateError) Error() string { return e.cause.Error() + ", left behind" }
func (e *lateError) Unwrap() error { return e.cause }

// call runs fn in a goroutine of its own, because a function that ignores its
// context must not take the host along, and waits until it has returned, or
// until shortWait after ctx or limit has ended. In the second case the error
// is an *lateError, and afterwards is called with what fn returns in the end,
// but not before the caller has called leave.
func call(
	ctx context.Context, limit *TimeoutError, fn func(context.Context) error, afterwards func(error),
) (leave func(), err error) {
	if limit != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit.Limit, limit)
		defer cancel()
	}
	result := make(chan error)
	left := make(chan struct{})
	go protect(ctx, fn, func(err error) {
		select {
		case result <- err:
		case <-left:
			afterwards(err)
		}
	})
	select {
	case err := <-result:
		return func() {}, explain(ctx, err)
	case <-ctx.Done():
	}
	timer := time.NewTimer(shortWait)
	defer timer.Stop()
	select {
	case err := <-result:
		return func() {}, explain(ctx, err)
	case <-timer.C:
		return func() { close(left) }, &lateError{context.Cause(ctx)}
	}
}

// explain puts the cause of the end of ctx in front of an error that came back
// after it, so that the text names the limit.
func explain(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	cause := context.Cause(ctx)
	if _, panicked := err.(*PanicError); panicked { //nolint:errorlint // protect returns the bare one
		return err // no answer to the end of ctx
	}
	switch {
	case err == ctx.Err(): //nolint:errorlint // only the bare error says no more than the cause
		return cause
	case errors.Is(err, cause):
		return err // has the cause in it, and perhaps more
	}
	return fmt.Errorf("%w: %w", cause, err)
}
