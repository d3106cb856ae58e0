package main

import (
	"context"
	"errors"
	"slices"
	"sync"
)

// hands do several things at a time until their context ends or one thing fails.
type hands struct {
	cancel context.CancelFunc
	slots  chan struct{}
	busy   sync.WaitGroup
	last   <-chan struct{} // closed when the turn of the last thing is over

	mu   sync.Mutex
	errs []error // in the order they happened, each once
}

// turn puts one step of things that are done side by side into the order in
// which they were begun.
type turn struct {
	before <-chan struct{}
	over   func() // may be called again; waits for the turn if it has not come
}

// wait returns when the turn has come: all things begun earlier had theirs.
func (t turn) wait() { <-t.before }

// newHands returns n hands and the context to call do with. Call wait in the end.
func newHands(ctx context.Context, n int) (*hands, context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	first := make(chan struct{})
	close(first)
	return &hands{cancel: cancel, slots: make(chan struct{}, n), last: first}, ctx
}

// do waits for a free hand, and does nothing once ctx has ended. The work itself
// is not cut short. Its turn is over when it returns, or before that. It must be
// called by one goroutine.
func (h *hands) do(ctx context.Context, work func(turn) error) {
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
	}
	if ctx.Err() != nil {
		return // perhaps with a slot: nothing is begun any more that could need it
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
	if !slices.Contains(h.errs, err) { // a ledger that is broken says the same to everybody
		h.errs = append(h.errs, err)
	}
}

// wait returns when all hands are free, with the errors in the order they
// happened.
func (h *hands) wait() error {
	h.busy.Wait()
	h.cancel()
	return errors.Join(h.errs...)
}
