package queue

import (
	"sync"
	"sync/atomic"
)

// taking tells whether somebody takes the messages of a topic. It is not over until
// the host stops, also before anybody has begun.
type taking struct {
	mu    sync.Mutex
	begun bool
	over  atomic.Pointer[chan struct{}] // nil until somebody asks; the channel is closed when it is over
}

// begin is called when somebody begins to take messages, maybe once more.
func (t *taking) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = true
	if t.isOver() {
		t.over.Store(nil)
	}
}

// end is called when nobody takes messages any more. It wakes those who wait for
// room.
func (t *taking) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.begun = false
	if !t.isOver() {
		close(t.channel())
	}
}

// endUnlessBegun is end for a host that stops before it has started.
func (t *taking) endUnlessBegun() {
	t.mu.Lock()
	begun := t.begun
	t.mu.Unlock()
	if !begun {
		t.end()
	}
}

// ended is closed when it is over.
func (t *taking) ended() <-chan struct{} {
	if over := t.over.Load(); over != nil {
		return *over
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.channel()
}

func (t *taking) channel() chan struct{} {
	if over := t.over.Load(); over != nil {
		return *over
	}
	over := make(chan struct{})
	t.over.Store(&over)
	return over
}

func (t *taking) isOver() bool {
	over := t.over.Load()
	if over == nil {
		return false
	}
	select {
	case <-*over:
		return true
	default:
		return false
	}
}
