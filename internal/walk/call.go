package walk

import (
	"context"
	"time"

	"github.com/fxhost/fxhost/internal/safe"
)

const (
	// shortWait is how long a call may still take after its context has ended.
	shortWait = 100 * time.Millisecond
	// grace is how much of shortWait a call has a living context that begins after
	// the context of the walk has ended: one which is over would have it return at
	// once, with its work cut off.
	grace = 75 * time.Millisecond
	// overtime is how long a walk goes on visiting participants one by one after the
	// first that was late. Those left then are called side by side and waited for
	// one shortWait in each row, so that a whole stop takes less than a second
	// more than its budget, however many are late: one shortWait, the overtime, one
	// for who began just before its end, and one for each row.
	overtime = 250 * time.Millisecond
)

// attempt is one call of a step.
type attempt struct {
	step     func(context.Context) error
	patience time.Duration               // after which waiting is told, again and again with growing gaps; zero is forever
	waiting  func(elapsed time.Duration) // that the step has not returned
	returned func(error)                 // what the step returned after it was left behind
}

// run runs the step in a goroutine of its own, because a function that ignores
// its context must not take the walk along, and waits until it has returned, or
// until shortWait after ctx has ended. In the second case the outcome is late, and
// a.returned is called in the end, but not before the caller has called leave.
func (a attempt) run(ctx context.Context) (outcome Outcome, leave func()) {
	begin := time.Now()
	wait := shortWait
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(context.WithoutCancel(ctx), grace, context.Cause(ctx))
		defer cancel()
		wait -= grace
	}
	result := make(chan error)
	left := make(chan struct{})
	go Call(ctx, a.step, func(err error) {
		select {
		case result <- err:
		case <-left:
			a.returned(err)
		}
	})
	ended := func(err error, late bool) Outcome {
		return Outcome{Err: err, Cause: context.Cause(ctx), Late: late, Elapsed: time.Since(begin)}
	}
	if err, returned := a.wait(ctx, result, begin); returned {
		return ended(err, false), func() {}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case err := <-result:
		return ended(err, false), func() {}
	case <-timer.C:
		return ended(nil, true), func() { close(left) }
	}
}

// wait waits for the result until ctx has ended.
func (a attempt) wait(ctx context.Context, result <-chan error, begin time.Time) (err error, returned bool) { //nolint:revive // the error is the result of the step
	var notice <-chan time.Time
	gap := a.patience
	if gap > 0 {
		notice = time.After(gap)
	}
	for {
		select {
		case err := <-result:
			return err, true
		case <-ctx.Done():
			return nil, false
		case <-notice:
			a.waiting(time.Since(begin))
			gap *= 2
			notice = time.After(gap)
		}
	}
}

// Call reports what step returns, also if that ends its goroutine, as FailNow of
// package testing does.
func Call(ctx context.Context, step func(context.Context) error, report func(error)) {
	err := safe.ErrExited
	defer func() { report(err) }()
	err = step(ctx)
}

// Try calls step as a walk does: it is left behind shortly after ctx has ended. Then
// returned is called when it has returned.
func Try(ctx context.Context, step func(context.Context) error, returned func(error)) Outcome {
	outcome, leave := attempt{step: step, returned: returned}.run(ctx)
	leave()
	return outcome
}
