package scope

import (
	"slices"
	"sync"
	"sync/atomic"
)

// waiting is about goroutines that wait for each other's constructors.
type waiting struct {
	mu    sync.Mutex
	woken sync.Cond
	calls []*waitingCall

	exited error // of a Close that did not return
}

// waits returns what is needed by few scopes only.
func (c *core) waits() *waiting {
	w := c.waiting.Load()
	if w == nil {
		w = &waiting{}
		w.woken.L = &w.mu
		if !c.waiting.CompareAndSwap(nil, w) {
			w = c.waiting.Load()
		}
	}
	return w
}

// exited is the error of a Close that did not return.
func (c *core) exited() error {
	w := c.waiting.Load()
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.exited
}

func (w *waiting) exit(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.exited = err
}

// waitingCall is a goroutine that waits for what a constructor makes, and the
// views on whose behalf it does, the innermost first.
type waitingCall struct {
	wants *constructor
	chain []*Scope
}

// chain are the views whose constructors wait for what s is asked for, the
// innermost first.
func (s *Scope) chain() (all []*Scope) {
	for view := s; view.maker != nil; view = view.parent {
		if view.state.Load() != over {
			all = append(all, view)
		}
	}
	return all
}

// onBehalfOf tells whether maker waits for what s is asked for.
func (s *Scope) onBehalfOf(maker *constructor) bool {
	for view := s; view.maker != nil; view = view.parent {
		if view.maker == maker && view.state.Load() != over {
			return true
		}
	}
	return false
}

// wait waits until somebody else has run maker, whose slot has this state. It is a cycle
// if that is for us, or if somebody who waits for us is to run it.
func (s *Scope) wait(maker *constructor, slot *atomic.Uint32) error {
	w := s.core.waits()
	call := &waitingCall{wants: maker, chain: s.chain()}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slot.CompareAndSwap(building, awaited) && slot.Load() != awaited {
		return nil // it has run meanwhile
	}
	if path := w.path(maker, call.chain); path != nil {
		return cycle(call.chain, path)
	}
	w.calls = append(w.calls, call)
	for slot.Load() == awaited {
		w.woken.Wait()
	}
	i := slices.Index(w.calls, call)
	w.calls = slices.Delete(w.calls, i, i+1)
	return nil
}

// finish ends the waiting for a slot.
func (w *waiting) finish(slot *atomic.Uint32, state uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	slot.Store(state)
	w.woken.Broadcast()
}

// path is how maker needs a constructor of chain: itself, then what it waits for,
// and so on. It is nil if maker can return before they have.
func (w *waiting) path(maker *constructor, chain []*Scope) []*constructor {
	if slices.ContainsFunc(chain, func(view *Scope) bool { return view.maker == maker }) {
		return []*constructor{maker}
	}
	for _, call := range w.calls {
		// One that asks for arguments does not run: somebody else runs maker then.
		i := slices.IndexFunc(call.chain, func(view *Scope) bool {
			return view.maker == maker && view.state.Load() == running
		})
		if i < 0 {
			continue
		}
		if rest := w.path(call.wants, chain); rest != nil {
			links := makers(call.chain[:i+1])
			slices.Reverse(links)
			return append(links, rest...)
		}
	}
	return nil
}

func makers(chain []*Scope) (all []*constructor) {
	for _, view := range chain {
		all = append(all, view.maker)
	}
	return all
}

// cycle is the error for who asks on behalf of chain, the innermost first, and so
// cannot have the first of path, because the last of it is one of them.
func cycle(chain []*Scope, path []*constructor) error {
	all := makers(chain)
	all = all[:slices.Index(all, path[len(path)-1])+1]
	slices.Reverse(all)
	found := &CycleError{}
	for _, link := range append(all, path...) {
		found.Chain = append(found.Chain, link.String())
	}
	return found
}
