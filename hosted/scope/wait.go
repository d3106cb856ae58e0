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

// waitingCall is one goroutine that waits for a slot, and the slots that it is
// building itself.
type waitingCall struct {
	wants *slot
	holds []*slot
}

// wait waits until somebody else has built s. It is a cycle if that is for us,
// or if somebody who waits for us is to build it.
func (c *core) wait(maker *constructor, s, parent *slot) error {
	call := &waitingCall{wants: s}
	for p := parent; p != nil; p = p.parent {
		call.holds = append(call.holds, p)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		c.waiting = &waiting{}
		c.waiting.woken.L = &c.mu
	}
	if !s.state.CompareAndSwap(building, awaited) && s.state.Load() != awaited {
		return nil // it was built meanwhile
	}
	if c.waiting.blocked(s, call.holds) {
		return cycle(maker, parent)
	}
	c.waiting.calls = append(c.waiting.calls, call)
	for s.state.Load() == awaited {
		c.waiting.woken.Wait()
	}
	i := slices.Index(c.waiting.calls, call)
	c.waiting.calls = slices.Delete(c.waiting.calls, i, i+1)
	return nil
}

// blocked tells whether s can only be built after one of held was.
func (w *waiting) blocked(s *slot, held []*slot) bool {
	if slices.Contains(held, s) {
		return true
	}
	for _, call := range w.calls {
		if slices.Contains(call.holds, s) && w.blocked(call.wants, held) {
			return true
		}
	}
	return false
}
