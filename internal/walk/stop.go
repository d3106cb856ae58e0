package walk

import (
	"context"
	"sync"
)

// Origin is where a request to stop comes from.
type Origin uint8

// The origins.
const (
	Inside  Origin = iota // the application has decided to stop
	Caller                // the context of whoever runs it has ended
	Outside               // the outside world wants it to end, and can be given time to notice
)

// StopRequest is the one request to stop a life. It can be made before the life
// begins. Safe for concurrent use.
type StopRequest struct {
	mu      sync.Mutex
	made    chan struct{}
	cause   error
	origin  Origin
	then    []func(cause error)
	hurried bool
	hurry   func() // nil unless the outside world is being given time
}

// NewStopRequest returns a request that nobody has made yet.
func NewStopRequest() *StopRequest {
	return &StopRequest{made: make(chan struct{})}
}

// Make makes the request. The first call decides; for any other it returns
// false.
func (r *StopRequest) Make(cause error, origin Origin) bool {
	r.mu.Lock()
	if r.cause != nil {
		r.mu.Unlock()
		return false
	}
	r.cause, r.origin = cause, origin
	close(r.made)
	then := r.then
	r.mu.Unlock()
	for _, f := range then {
		f(cause)
	}
	return true
}

// MakeOrHurry makes the request, or tells that somebody wants it done at once.
func (r *StopRequest) MakeOrHurry(cause error, origin Origin) {
	if r.Make(cause, origin) {
		return
	}
	r.mu.Lock()
	r.hurried = true
	hurry := r.hurry
	r.mu.Unlock()
	if hurry != nil {
		hurry()
	}
}

// WhenHurried has f called when somebody is in a hurry, at once if somebody was.
func (r *StopRequest) WhenHurried(f func()) {
	r.mu.Lock()
	r.hurry = f
	hurried := r.hurried
	r.mu.Unlock()
	if hurried {
		f()
	}
}

// Made is closed when the request was made.
func (r *StopRequest) Made() <-chan struct{} { return r.made }

// Cause is what the request was made with, nil before that.
func (r *StopRequest) Cause() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cause
}

// Origin is where the request came from.
func (r *StopRequest) Origin() Origin {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.origin
}

// Then has f called when the request is made, before Make returns; at once if it
// was made already.
func (r *StopRequest) Then(f func(cause error)) {
	r.mu.Lock()
	cause := r.cause
	if cause == nil {
		r.then = append(r.then, f)
	}
	r.mu.Unlock()
	if cause != nil {
		f(cause)
	}
}

// Life is what package host runs. It is here so that nobody else does.
type Life interface {
	// Check tells what is wrong with the participants once all are there. Start calls
	// it, too.
	Check() error
	Start(ctx context.Context) error
	// Stop ends a life whose stop was requested.
	Stop(ctx context.Context) error
	// Done is closed when the stop, or the rollback of a failed start, has ended.
	Done() <-chan struct{}
	// Work is how many services and hooks there are.
	Work() int
	// Cancelled tells that Start has returned an error only because of the request.
	Cancelled() bool
}
