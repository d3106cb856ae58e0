// Package beat watches whether work goes on: it has to say so within a time.
package beat

import (
	"context"
	"sync"
	"time"

	"github.com/fxhost/fxhost/internal/goroutines"
)

// Watch waits for the beats of one service. Safe for concurrent use.
type Watch struct {
	service string
	limit   time.Duration
	changed func(stalled bool)

	mu      sync.Mutex
	taken   bool
	begun   bool
	stalled bool
	last    time.Time
	timer   *time.Timer
}

// New returns a Watch that calls changed when limit has passed without a beat, and
// when one comes after that.
func New(service string, limit time.Duration, changed func(stalled bool)) *Watch {
	return &Watch{service: service, limit: limit, changed: changed}
}

type contextKey struct{}

// Run calls f with a context that carries the Watch.
func (w *Watch) Run(ctx context.Context, f func(ctx context.Context)) {
	f(context.WithValue(ctx, contextKey{}, w))
}

// From returns the Watch that ctx carries, nil if there is none.
func From(ctx context.Context) *Watch {
	w, _ := ctx.Value(contextKey{}).(*Watch)
	return w
}

// Take tells that somebody else than the host calls Begin and End.
func (w *Watch) Take() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken = true
}

// BeginUnlessTaken is Begin for the host.
func (w *Watch) BeginUnlessTaken() {
	w.mu.Lock()
	taken := w.taken
	w.mu.Unlock()
	if !taken {
		w.Begin()
	}
}

// Begin begins to wait for beats.
func (w *Watch) Begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun, w.stalled, w.last = true, false, time.Now()
	if w.timer == nil {
		w.timer = time.AfterFunc(w.limit, w.check)
	} else {
		w.timer.Reset(w.limit)
	}
}

// End ends that.
func (w *Watch) End() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun, w.stalled = false, false
	if w.timer != nil {
		w.timer.Stop()
	}
}

// Beat tells that the work goes on.
func (w *Watch) Beat() {
	w.mu.Lock()
	w.last = time.Now()
	recovered := w.stalled
	if recovered {
		w.stalled = false
		w.timer.Reset(w.limit)
	}
	w.mu.Unlock()
	if recovered {
		w.changed(false)
	}
}

// Stalled tells whether the last beat was too long ago.
func (w *Watch) Stalled() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stalled
}

// check is called by the timer, which a beat does not set: that would cost more
// than the beat.
func (w *Watch) check() {
	w.mu.Lock()
	left := w.limit - time.Since(w.last)
	stalled := w.begun && !w.stalled && left <= 0
	if stalled {
		w.stalled = true
	} else if w.begun && !w.stalled {
		w.timer.Reset(left)
	}
	w.mu.Unlock()
	if stalled {
		w.changed(true)
	}
}

// Stack has the stacks of the goroutines of the service, which its owner has marked.
func (w *Watch) Stack() string { return goroutines.Stacks(w.service) }
