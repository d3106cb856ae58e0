// Package queuetest tests a [queue.Transport], rule by rule, so that a program behaves
// the same on every engine:
//
//	func TestTransport(t *testing.T) {
//		queuetest.Run(t, func(t *testing.T, test func(t *testing.T, engine queuetest.Engine)) {
//			test(t, queuetest.Engine{Open: func(t *testing.T) queue.Transport { return connect(t) }})
//		})
//	}
package queuetest

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/fxhost/fxhost/background/queue"
)

// Engine is the server under test.
type Engine struct {
	// Open returns a new transport, as another process would have. The test closes it.
	// Required.
	Open func(t *testing.T) queue.Transport

	// Kill makes a transport that Open has returned die as if its process had been
	// killed: it gives nothing back, and tells the server nothing. If the server notices
	// a death only by silence, Kill may do nothing. If it is nil, the rules on death are
	// not tested.
	Kill func(t *testing.T, transport queue.Transport)

	// Restart kills the server and starts it again. If it is nil, the rule on that is
	// not tested.
	Restart func(t *testing.T)

	// Begin begins a transaction. Required if the queues implement [queue.TxSender].
	Begin func(t *testing.T) Tx

	// Patience is how long the engine may take for what it should do immediately.
	// Default 5s.
	Patience time.Duration
}

// Tx is a transaction that a test has begun.
type Tx struct {
	Tx       any
	Commit   func() error
	Rollback func() error
}

// Run tests every rule in a subtest of its own. The subtest calls with, which makes an
// Engine ready and calls test with it once; with may do so in a bubble of package
// synctest.
//
// Names of queues are new each time, and begin with fxhost-test-.
func Run(t *testing.T, with func(t *testing.T, test func(t *testing.T, engine Engine))) {
	t.Helper()
	for _, rule := range rules() {
		t.Run(rule.name, func(t *testing.T) {
			with(t, func(t *testing.T, engine Engine) {
				t.Helper()
				if engine.Patience == 0 {
					engine.Patience = 5 * time.Second
				}
				b := &bench{T: t, Engine: engine}
				b.first = b.connect()
				b.can = b.first.Capabilities()
				b.takeover = max(2*time.Second, b.can.MinTakeover)
				b.name = "fxhost-test-" + strings.ToLower(rand.Text()[:10])
				rule.check(b)
			})
		})
	}
}

// rule is one promise of the documentation of the transport.
type rule struct {
	name  string
	check func(b *bench)
}

func rules() []rule {
	return []rule{
		{"01 the whole batch is stored when Send returns", theWholeBatchIsStored},
		{"02 a message is kept until somebody receives", aMessageIsKept},
		{"03 every field arrives as it was sent", everyFieldArrives},
		{"04 a body that is too large is refused", aBodyThatIsTooLargeIsRefused},
		{"05 a delayed message is never early and takes no place", aDelayedMessageIsNeverEarly},
		{"06 Send obeys its context, and may be repeated", sendObeysItsContext},
		{"07 Next ends with its context and the receiver", nextEndsWithItsContext},
		{"08 prefetch bounds what is with a receiver", prefetchBounds},
		{"09 a message is with one receiver at a time", aMessageIsWithOneReceiver},
		{"10 many goroutines receive and settle", manyGoroutines},
		{"11 nothing of 10,000 messages is lost", nothingIsLost},
		{"12 Attempt counts", attemptCounts},
		{"13 what was acked before a Close never comes again", whatWasAckedNeverComesAgain},
		{"14 Nack holds back and takes no place", nackHoldsBack},
		{"15 Bury takes any reason", buryTakesAnyReason},
		{"16 Extend starts the takeover anew", extendStartsTheTakeoverAnew},
		{"17 a stale settlement is ErrLost and changes nothing", aStaleSettlement},
		{"18 settling works after the context of Next has ended", settlingWorksLater},
		{"19 Close gives back at once", closeGivesBack},
		{"20 what a dead receiver held goes to others", deadReceiver},
		{"21 an exclusive queue keeps the order", exclusiveKeepsTheOrder},
		{"22 an exclusive queue keeps the order across Close and death", exclusiveAcrossClose},
		{"23 dead letters are listed in order, by pages", deadLettersAreListed},
		{"24 Resend sends once, with attempt 1", resendSendsOnce},
		{"25 Stats at rest are exact", statsAtRest},
		{"26 many that open at once get one queue", manyThatOpen},
		{"27 two names never mix", twoNamesNeverMix},
		{"28 the server may be restarted", theServerMayBeRestarted},
		{"29 a closed transport answers ErrClosed", aClosedTransport},
		{"30 SendTx is part of the transaction", sendTxIsPart},

		// What the library makes of it.
		{"retries end in a dead letter, which can be sent again", retriesEndInADeadLetter},
		{"a poisoned body is a dead letter at once", poisonedBodies},
		{"a stop in the middle loses nothing", aStopInTheMiddle},
		{"order by key", orderByKey},
	}
}

// bench is what a check works with.
type bench struct {
	*testing.T
	Engine

	first    queue.Transport
	can      queue.Capabilities
	takeover time.Duration
	name     string
}

// connect opens a transport, which is closed at the end.
func (b *bench) connect() queue.Transport {
	b.Helper()
	transport := b.Open(b.T)
	b.Cleanup(func() {
		if err := transport.Close(context.WithoutCancel(b.Context())); err != nil {
			b.Errorf("close the transport: %v", err)
		}
	})
	return transport
}

func (b *bench) spec() queue.Spec { return queue.Spec{Name: b.name, Takeover: b.takeover} }

func (b *bench) exclusive() queue.Spec {
	return queue.Spec{Name: b.name, Takeover: b.takeover, Exclusive: true}
}

func (b *bench) open(transport queue.Transport, spec queue.Spec) queue.Queue {
	b.Helper()
	q, err := transport.Open(b.soon(), spec)
	b.must(err)
	return q
}

// queue opens the queue of the test on the first transport.
func (b *bench) queue() queue.Queue {
	b.Helper()
	return b.open(b.first, b.spec())
}

func (b *bench) receive(q queue.Queue, prefetch int) queue.Receiver {
	b.Helper()
	r, err := q.Receive(b.soon(), prefetch)
	b.must(err)
	return r
}

func (b *bench) close(r queue.Receiver) {
	b.Helper()
	b.must(r.Close(b.soon()))
}

// soon is a context for what should come at once.
func (b *bench) soon() context.Context { return b.within(b.Patience) }

func (b *bench) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(b.Context(), d)
	b.Cleanup(cancel)
	return ctx
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// message makes one with this body.
func message(body string) *queue.Envelope {
	return &queue.Envelope{
		ID: rand.Text(), Type: "test", ContentType: "text/plain", Body: []byte(body), Sent: time.Now(),
	}
}

// send sends one message for each body.
func (b *bench) send(q queue.Queue, bodies ...string) {
	b.Helper()
	batch := make([]*queue.Envelope, len(bodies))
	for i, body := range bodies {
		batch[i] = message(body)
	}
	b.must(q.Send(b.soon(), batch...))
}

// next returns the next delivery.
func (b *bench) next(r queue.Receiver) queue.Delivery {
	b.Helper()
	return b.nextWithin(r, b.Patience)
}

func (b *bench) nextWithin(r queue.Receiver, d time.Duration) queue.Delivery {
	b.Helper()
	delivery, err := r.Next(b.within(d))
	if err != nil {
		b.Fatalf("nothing within %v: %v", d, err)
	}
	return delivery
}

// nextIs is next, which must have this body.
func (b *bench) nextIs(r queue.Receiver, body string) queue.Delivery {
	b.Helper()
	delivery := b.next(r)
	if got := string(delivery.Message().Body); got != body {
		b.Fatalf("got %q, want %q", got, body)
	}
	return delivery
}

// nothing reports what comes within d.
func (b *bench) nothing(r queue.Receiver, d time.Duration) {
	b.Helper()
	if delivery, err := r.Next(b.within(d)); err == nil {
		b.Fatalf("got %q, want nothing", delivery.Message().Body)
	}
}

// moment is long enough for what should not come to come.
const moment = 300 * time.Millisecond

func (b *bench) ack(deliveries ...queue.Delivery) {
	b.Helper()
	for _, d := range deliveries {
		if err := d.Ack(b.soon()); err != nil {
			b.Fatalf("ack %q: %v", d.Message().Body, err)
		}
	}
}

// ackAll receives these bodies in any order, each once, and acks them.
func (b *bench) ackAll(r queue.Receiver, bodies ...string) {
	b.Helper()
	want := map[string]bool{}
	for _, body := range bodies {
		want[body] = true
	}
	for range bodies {
		d := b.next(r)
		if body := string(d.Message().Body); !want[body] {
			b.Fatalf("got %q, which is not one of %q or came before", body, bodies)
		} else {
			want[body] = false
		}
		b.ack(d)
	}
}
