package main

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// hands runs functions concurrently until their context ends or one of them fails.
type hands struct {
	cancel context.CancelFunc
	slots  chan struct{}
	busy   sync.WaitGroup
	last   <-chan struct{} // closed when the turn of the last function is over

	mu   sync.Mutex
	errs []error // in the order in which they occurred, each once
}

// turn orders one step of concurrent functions by the order in which they began.
type turn struct {
	before <-chan struct{}
	over   func() // ends the turn, after waiting for it; may be called again
}

// wait returns when the turns of all functions that began earlier are over.
func (t turn) wait() { <-t.before }

// newHands returns hands that run up to n functions at a time, and the context to
// pass to do. Call wait at the end.
func newHands(ctx context.Context, n int) (*hands, context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	first := make(chan struct{})
	close(first)
	return &hands{cancel: cancel, slots: make(chan struct{}, n), last: first}, ctx
}

// do runs work as soon as fewer than n functions run. It does nothing once ctx has
// ended, but does not interrupt work. The turn of work is over when it returns, or
// earlier. do is not safe for concurrent use.
func (h *hands) do(ctx context.Context, work func(turn) error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return // perhaps with a slot, which nothing needs any more
	}
	before, after := h.last, make(chan struct{})
	h.last = after
	h.busy.Go(func() {
		t := turn{before: before, over: sync.OnceFunc(func() {
			<-before
			close(after)
		})}
		defer func() { <-h.slots }()
		defer t.over()
		if err := work(t); err != nil {
			h.fail(err)
		}
	})
}

func (h *hands) fail(err error) {
	h.cancel()
	h.mu.Lock()
	defer h.mu.Unlock()
	if !slices.Contains(h.errs, err) { // a broken ledger returns the same error each time
		h.errs = append(h.errs, err)
	}
}

// wait returns when all functions have returned, with their errors in the order in
// which they occurred.
func (h *hands) wait() error {
	h.busy.Wait()
	h.cancel()
	return errors.Join(h.errs...)
}
