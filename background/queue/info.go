package queue

import (
	"context"
	"time"
)

// Info is what is known of a message beside itself.
type Info struct {
	Queue   string
	ID      string
	Key     string
	Headers map[string]string // must not be changed
	Sent    time.Time
	Attempt int // 1 at first
}

// From returns what is known of the message that is being handled with ctx, or a
// context made of it; false if there is none.
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

// Propagator carries what belongs to a context, such as a trace, from the sender
// of a message to its handler. Provide one to the application; without it, the
// headers of W3C Trace Context and Baggage of a message that is being handled are
// those of the messages that its handler sends. Safe for concurrent use.
type Propagator interface {
	// Inject adds to the headers of a message that is sent with ctx.
	Inject(ctx context.Context, headers map[string]string)
	// Extract returns a context, made of ctx, for the handler of a message.
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
