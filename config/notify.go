package config

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/fxhost/fxhost/hosted"
)

// notifier calls functions after changes, never two at once. A function may cause
// another change, and no goroutine waits for another.
type notifier struct {
	mu             sync.Mutex // not held during a call
	subscribers    []*subscriber
	calling, again bool
}

type subscriber struct {
	call    func()
	stopped bool // guarded by notifier.mu
}

// add has call called by each notify from now on; begin is called at the moment
// from which on that is so.
func (n *notifier) add(begin, call func()) (stop func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	begin()
	s := &subscriber{call: call}
	n.subscribers = append(n.subscribers, s)
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		s.stopped = true
		n.subscribers = slices.DeleteFunc(slices.Clone(n.subscribers), func(other *subscriber) bool { return other == s })
	}
}

// notify calls all functions, or has the goroutine that calls them now do it
// once more. The error joins the panics of functions.
func (n *notifier) notify() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.again = true
	if n.calling {
		return nil
	}
	n.calling = true
	defer func() { n.calling = false }() // also if a function ends its goroutine
	var errs []error
	for n.again {
		n.again = false
		for _, s := range n.subscribers {
			if !s.stopped {
				errs = append(errs, n.call(s))
			}
		}
	}
	return errors.Join(errs...)
}

// call releases the lock for the call.
func (n *notifier) call(s *subscriber) (err error) {
	n.mu.Unlock()
	defer n.mu.Lock()
	defer func() {
		// The other functions must hear of the change, and the caller, often the
		// watcher, must live on.
		if p := recover(); p != nil {
			err = fmt.Errorf("config: function given to OnChange: %w", &hosted.PanicError{Value: p, Stack: debug.Stack()})
		}
	}()
	s.call()
	return nil
}
