package scope

import (
	"slices"
	"sync"
)

// waiting is about goroutines that wait for each other's constructors.
type waiting struct {
	woken sync.Cond
	calls []*waitingCall
}

// waitingCall is one goroutine that waits for what a constructor makes, and the
// constructors that it is running itself.
type waitingCall struct {
	wants *constructor
	runs  []*constructor
}

// wait waits until somebody else has run maker, whose slot is at. It is a cycle
// if that is for us, or if somebody who waits for us is to run it.
func (s *Scope) wait(maker *constructor, at *slot) error {
	call := &waitingCall{wants: maker}
	for view := s; view.maker != nil; view = view.parent {
		call.runs = append(call.runs, view.maker)
	}
	c := s.core
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		c.waiting = &waiting{}
		c.waiting.woken.L = &c.mu
	}
	if !at.state.CompareAndSwap(building, awaited) && at.state.Load() != awaited {
		return nil // it has run meanwhile
	}
	if c.waiting.blocked(maker, call.runs) {
		return cycle(maker, s)
	}
	c.waiting.calls = append(c.waiting.calls, call)
	for at.state.Load() == awaited {
		c.waiting.woken.Wait()
	}
	i := slices.Index(c.waiting.calls, call)
	c.waiting.calls = slices.Delete(c.waiting.calls, i, i+1)
	return nil
}

// blocked tells whether maker can only return after one of running has.
func (w *waiting) blocked(maker *constructor, running []*constructor) bool {
	if slices.Contains(running, maker) {
		return true
	}
	for _, call := range w.calls {
		if slices.Contains(call.runs, maker) && w.blocked(call.wants, running) {
			return true
		}
	}
	return false
}
