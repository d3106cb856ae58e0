package scope

import (
	"runtime"
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

// running are the constructors that wait for what s is asked for, the innermost
// first.
func (s *Scope) running() (all []*constructor) {
	for view := s; view.maker != nil; view = view.parent {
		if !view.over.Load() {
			all = append(all, view.maker)
		}
	}
	return all
}

// onStack adds the constructors of g whose code the calling goroutine is in. They
// wait for what is asked for even if they ask a *Scope that was given to somebody
// else, kept in a value or carried by a context. Only who is about to wait looks.
func (g *graph) onStack(running []*constructor) []*constructor {
	var pcs [256]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for more := true; more; {
		var frame runtime.Frame
		frame, more = frames.Next()
		if c := g.code[frame.Entry]; c != nil && !slices.Contains(running, c) {
			running = append(running, c)
		}
	}
	return running
}

// wait waits until somebody else has run maker, whose slot is at. It is a cycle
// if that is for us, or if somebody who waits for us is to run it.
func (s *Scope) wait(maker *constructor, at *slot) error {
	c := s.core
	call := &waitingCall{wants: maker, runs: c.graph.onStack(s.running())}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		c.waiting = &waiting{}
		c.waiting.woken.L = &c.mu
	}
	if !at.state.CompareAndSwap(building, awaited) && at.state.Load() != awaited {
		return nil // it has run meanwhile
	}
	if path := c.waiting.path(maker, call.runs); path != nil {
		return cycle(call.runs, path)
	}
	c.waiting.calls = append(c.waiting.calls, call)
	for at.state.Load() == awaited {
		c.waiting.woken.Wait()
	}
	i := slices.Index(c.waiting.calls, call)
	c.waiting.calls = slices.Delete(c.waiting.calls, i, i+1)
	return nil
}

// path is how maker needs one of running: itself, then what it waits for, and
// so on. It is nil if maker can return before they have.
func (w *waiting) path(maker *constructor, running []*constructor) []*constructor {
	if slices.Contains(running, maker) {
		return []*constructor{maker}
	}
	for _, call := range w.calls {
		i := slices.Index(call.runs, maker)
		if i < 0 {
			continue
		}
		if rest := w.path(call.wants, running); rest != nil {
			links := slices.Clone(call.runs[:i+1])
			slices.Reverse(links)
			return append(links, rest...)
		}
	}
	return nil
}
