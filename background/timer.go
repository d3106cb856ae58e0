package background

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// PeriodicTimer ticks at a fixed period, for a loop that waits for each tick (.NET:
// PeriodicTimer). The first tick comes after one period, and the ticks do not drift. If
// nobody waits, one tick is kept for the next wait, and further ticks are dropped.
//
// It is safe for concurrent use. If several waits are pending, each tick ends one of
// them (.NET: a second wait throws).
type PeriodicTimer struct {
	ticker  *time.Ticker
	stopped chan struct{}

	mu     sync.Mutex
	period time.Duration
}

// NewPeriodicTimer returns a timer that has started. It panics if period is not
// more than zero, as [time.NewTicker] does. Stop it when it is no longer needed.
func NewPeriodicTimer(period time.Duration) *PeriodicTimer {
	check(period)
	return &PeriodicTimer{ticker: time.NewTicker(period), stopped: make(chan struct{}), period: period}
}

// WaitForNextTick waits for a tick and returns true. It returns false once ctx
// has ended, which leaves the timer running, and after Stop.
func (t *PeriodicTimer) WaitForNextTick(ctx context.Context) bool {
	if t.over(ctx) {
		return false
	}
	select {
	case <-t.ticker.C:
		return !t.over(ctx) // the tick may have been there when we looked
	case <-t.stopped:
	case <-ctx.Done():
	}
	return false
}

func (t *PeriodicTimer) over(ctx context.Context) bool {
	select {
	case <-t.stopped:
		return true
	default:
		return ctx.Err() != nil
	}
}

// Period is the time between two ticks.
func (t *PeriodicTimer) Period() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.period
}

// SetPeriod changes the period, also for a pending wait. The next tick comes one new
// period from now. SetPeriod panics if period is not more than zero, and does nothing
// after Stop.
func (t *PeriodicTimer) SetPeriod(period time.Duration) {
	check(period)
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.stopped:
	default:
		t.period = period
		t.ticker.Reset(period)
	}
}

// Stop ends the pending waits and all later ones. It may be called again.
func (t *PeriodicTimer) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.stopped:
	default:
		t.ticker.Stop()
		close(t.stopped)
	}
}

func check(period time.Duration) {
	if period <= 0 {
		panic(fmt.Sprintf("background: PeriodicTimer: period %v: must be more than zero", period))
	}
}
