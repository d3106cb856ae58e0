package queue

import (
	"context"
	"time"
)

// lastWait is how long finish waits after its context has ended: the host leaves
// behind what takes longer.
const lastWait = 50 * time.Millisecond

// finish waits until ended is closed. When little is left of the time of ctx, it
// calls interrupt. It returns false if ctx has ended and ended is still not closed.
func finish(ctx context.Context, ended <-chan struct{}, interrupt func()) bool {
	var short <-chan time.Time
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		timer := time.NewTimer(left - min(left/4, time.Second))
		defer timer.Stop()
		short = timer.C
	}
	select {
	case <-ended:
		interrupt()
		return true
	case <-short:
	case <-ctx.Done():
	}
	interrupt()
	return waitFor(ctx, ended)
}

// waitFor waits until ended is closed. It returns false if that is not so shortly
// after ctx has ended.
func waitFor(ctx context.Context, ended <-chan struct{}) bool {
	select {
	case <-ended:
		return true
	case <-ctx.Done():
	}
	timer := time.NewTimer(lastWait)
	defer timer.Stop()
	select {
	case <-ended:
		return true
	case <-timer.C:
		return false
	}
}
