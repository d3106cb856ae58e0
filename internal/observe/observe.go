// Package observe is how telemetry and the pages that watch a host learn of each
// message that is sent or handled and of each run of a job.
//
// Whoever watches provides an [Observer] with [Provide]:
//
//	observe.Provide(func(tracer trace.Tracer) *observe.Observer {
//		return &observe.Observer{Run: func(ctx context.Context, r observe.Run) (context.Context, func(observe.RunEnd)) { ... }}
//	})
//
// There may be several. Each function is called when something begins. The context
// that it returns is the one of the work, so that a tracer can put a span into it; nil
// stands for the context that it was given. The function that it returns, which may be
// nil, is called once, when the work has ended. The calls come from many goroutines
// and delay the work. A panic of an observer has no effect.
//
// An observer is built before the queues and jobs that it watches: its constructor
// must not take a queue.Sender, *queue.Queues or *background.Jobs.
package observe

import (
	"context"
	"slices"
	"time"

	"go.uber.org/fx"
)

// Observer has the functions of one who watches. Those that are nil are not called.
type Observer struct {
	// Send is called before messages are encoded: what it puts into the context is
	// there for the queue.Propagator that writes their headers.
	Send func(ctx context.Context, s Send) (context.Context, func(error))
	// Handle is called when a message was received, with what the queue.Propagator has
	// read from its headers in ctx.
	Handle func(ctx context.Context, d Delivery) (context.Context, func(DeliveryEnd))
	// Run is called when a run of a job begins.
	Run func(ctx context.Context, r Run) (context.Context, func(RunEnd))
}

// Send is one call of Send, or of SendAll.
type Send struct {
	Queue    string // its name
	Engine   string // such as "memory"
	Type     string // of the messages, as Go writes it
	ID       string // of the message; empty for SendAll
	Messages int
}

// Delivery is one attempt at a message.
type Delivery struct {
	Queue     string
	Partition int // of a queue that is ordered by key
	Engine    string
	Type      string
	ID, Key   string
	Headers   map[string]string // must not be changed
	Sent      time.Time
	Bytes     int // of the body
	Attempt   int // 1 at first
	// Delayed tells that the sender had the message held back, as far as the engine
	// remembers that.
	Delayed bool
	// Loop tells that a loop over a queue.Consumer has received the message. Nobody
	// sees the context that Handle returns then.
	Loop bool
}

// Result is what has become of a delivery.
type Result string

// The results of a delivery.
const (
	Succeeded Result = "succeeded" // it is done
	Retried   Result = "retried"   // it failed, and is tried again
	Buried    Result = "buried"    // it failed, and is a dead letter
	Returned  Result = "returned"  // it was cut off by a stop, and is given to others
	Lost      Result = "lost"      // another process has taken it over
	Unsettled Result = "unsettled" // the engine did not take its result: it comes again
)

// DeliveryEnd is how a delivery ended.
type DeliveryEnd struct {
	Result Result
	Err    error         // of the handler, or of decoding the body
	Took   time.Duration // by the handler
	Delay  time.Duration // until it is tried again
}

// Cause is why a job runs.
type Cause string

// The causes of a run.
const (
	Schedule Cause = "schedule"
	RunNow   Cause = "run now"
	Retry    Cause = "retry"
)

// Run is one run of a job.
type Run struct {
	Job     string // its name
	Trigger string // such as "every 2h0m0s"
	Cause   Cause
	Due     time.Time // when it should have begun
	Retry   int       // 1 for the first run that repeats a failed one
}

// RunEnd is how a run ended.
type RunEnd struct {
	Err     error // nil if it succeeded, or was stopped and said no more than that
	Stopped bool  // by the host
	Took    time.Duration
}

// Provide makes the *[Observer] that constructor returns one of the observers of the
// application. The constructor may return an error, too.
func Provide(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(`group:"fxhost.observers"`)))
}

// Observers are all those of an application. A struct with fx.In takes them by the
// tag `group:"fxhost.observers"`.
type Observers []*Observer

// BeginSend calls Send of all. It returns ctx and nil if nobody watches.
func (all Observers) BeginSend(ctx context.Context, s Send) (context.Context, func(error)) {
	return begin(ctx, all, s, func(o *Observer) func(context.Context, Send) (context.Context, func(error)) { return o.Send })
}

// BeginHandle calls Handle of all. It returns ctx and nil if nobody watches.
func (all Observers) BeginHandle(ctx context.Context, d Delivery) (context.Context, func(DeliveryEnd)) {
	return begin(ctx, all, d, func(o *Observer) func(context.Context, Delivery) (context.Context, func(DeliveryEnd)) {
		return o.Handle
	})
}

// BeginRun calls Run of all. It returns ctx and nil if nobody watches.
func (all Observers) BeginRun(ctx context.Context, r Run) (context.Context, func(RunEnd)) {
	return begin(ctx, all, r, func(o *Observer) func(context.Context, Run) (context.Context, func(RunEnd)) { return o.Run })
}

func begin[B, E any](
	ctx context.Context, all Observers, what B, of func(*Observer) func(context.Context, B) (context.Context, func(E)),
) (context.Context, func(E)) {
	var ends []func(E)
	for _, o := range all {
		if o == nil || of(o) == nil {
			continue
		}
		within, end := call(ctx, what, of(o))
		if within != nil {
			ctx = within //nolint:fatcontext // one in another is what they are for
		}
		if end != nil {
			ends = append(ends, end)
		}
	}
	if ends == nil {
		return ctx, nil
	}
	return ctx, func(how E) {
		for _, end := range slices.Backward(ends) { // the inner one first
			tell(end, how)
		}
	}
}

// call calls fn, whose panic must not take down what it watches.
func call[B, E any](ctx context.Context, what B, fn func(context.Context, B) (context.Context, func(E))) (within context.Context, end func(E)) {
	defer func() {
		if recover() != nil {
			within, end = nil, nil
		}
	}()
	return fn(ctx, what)
}

func tell[E any](end func(E), how E) {
	defer func() { _ = recover() }()
	end(how)
}
