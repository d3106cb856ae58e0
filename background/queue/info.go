package queue

import (
	"context"
	"time"
)

// Info describes a message that was received.
type Info struct {
	Queue   string
	ID      string
	Key     string
	Headers map[string]string // must not be changed
	Sent    time.Time
	Attempt int // 1 at first
}

// From returns the [Info] of the message whose handler was given ctx, or a context
// derived from it. It returns false if there is none.
func From(ctx context.Context) (Info, bool) {
	h, ok := ctx.Value(infoKey{}).(*handling)
	if !ok {
		return Info{}, false
	}
	return h.topic.info(h.delivery.Message(), h.attempt), true
}

func (t *topic) info(e *Envelope, attempt int) Info {
	return Info{Queue: t.name, ID: e.ID, Key: e.Key, Headers: e.Headers, Sent: e.Sent, Attempt: attempt}
}

type infoKey struct{}

// Propagator carries values of a context, such as a trace, from the sender of a message
// to its handler. An application may provide one with fx.Provide. Without it, messages
// that a handler sends get the headers of W3C Trace Context and Baggage of the message
// that it handles. It must be safe for concurrent use.
type Propagator interface {
	// Inject writes values of ctx to the headers of a message that is sent.
	Inject(ctx context.Context, headers map[string]string)
	// Extract returns the context for the handler of a message, derived from ctx.
	Extract(ctx context.Context, headers map[string]string) context.Context
}

// passOn is the Propagator without any other.
type passOn struct{}

func (passOn) Inject(ctx context.Context, headers map[string]string) {
	info, _ := From(ctx)
	for _, name := range [...]string{"traceparent", "tracestate", "baggage"} {
		if value, ok := info.Headers[name]; ok {
			headers[name] = value
		}
	}
}

func (passOn) Extract(ctx context.Context, _ map[string]string) context.Context { return ctx }
