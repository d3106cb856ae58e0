package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Errors of a [Transport], found by errors.Is.
var (
	// ErrClosed is the error of what was closed or stopped.
	ErrClosed = errors.New("queue: closed")
	// ErrLost is the error of a delivery that is settled already, or that its
	// receiver has lost.
	ErrLost = errors.New("queue: delivery is no longer ours")
	// ErrTooLarge is the error of a message whose body is larger than
	// [Capabilities].MaxBody.
	ErrTooLarge = errors.New("queue: message too large")
	// ErrConflict is the error of opening a queue that exists with other settings.
	ErrConflict = errors.New("queue: exists with other settings")
)

// Transport is what an engine implements: it stores messages and hands them out.
// Everything else is done above it, once for all engines: codecs, scopes, retries
// and when they end, order by key, the timer that extends what is being handled,
// and the stop.
//
// All methods of all types of a transport are safe for concurrent use. An error
// may wrap those of this package. What a transport has to do is checked by
// package queuetest, rule by rule.
type Transport interface {
	// Open returns the queue, and makes what is missing of it. Of many that open
	// one queue at once, from any process, all get the same. A queue that exists
	// with another Spec, or something else in its place, is [ErrConflict] and stays
	// as it is. Two names never mix, whatever the engine makes of them: a queue
	// "a-dead" is not where "a" keeps its dead letters.
	Open(ctx context.Context, spec Spec) (Queue, error)

	// State tells how the connection is. It returns at once, and is at most two
	// seconds behind.
	State() State

	// Capabilities tells what the engine can do. It is the same at any time.
	Capabilities() Capabilities

	// Close closes all receivers and the connection, and leaves no goroutine. From
	// then on everything answers [ErrClosed].
	Close(ctx context.Context) error
}

// Spec says which queue to open. It is the same in all processes.
type Spec struct {
	// Name has 1 to 64 letters, digits, "-" and "_" of ASCII.
	Name string
	// Takeover is how long a receiver that has died keeps its messages: they are
	// handed to others at the latest a second after it.
	Takeover time.Duration
	// Exclusive hands the messages out in the order in which they were sent: while
	// one receiver, in all processes, has one that is not settled, no other gets any.
	Exclusive bool
}

var specName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Validate tells what is wrong with s.
func (s Spec) Validate() error {
	if !specName.MatchString(s.Name) {
		return fmt.Errorf("queue: name %q: want 1 to 64 letters, digits, - and _", s.Name)
	}
	if s.Takeover <= 0 {
		return fmt.Errorf("queue: queue %q: takeover %v: must be more than zero", s.Name, s.Takeover)
	}
	return nil
}

// State is how the connection of a [Transport] is.
type State struct {
	Connected bool
	Since     time.Time
	Err       error // why it is not connected
}

// MarshalJSON writes the text of Err, or leaves it out.
func (s State) MarshalJSON() ([]byte, error) {
	plain := struct {
		Connected bool      `json:"connected"`
		Since     time.Time `json:"since"`
		Error     string    `json:"error,omitempty"`
	}{Connected: s.Connected, Since: s.Since}
	if s.Err != nil {
		plain.Error = s.Err.Error()
	}
	return json.Marshal(plain)
}

// Capabilities are what a [Transport] can do.
type Capabilities struct {
	// Engine is its name, such as "memory".
	Engine string
	// Durable messages outlive the process that sent them, and other processes may
	// handle them.
	Durable bool
	// Order tells that there are queues which are [Spec].Exclusive.
	Order bool
	// MaxBody is the size of the largest body in bytes; 0: no limit.
	MaxBody int
	// Dedup is how long the ID of a message is known, so that a second Send of it
	// is dropped; 0: not at all.
	Dedup time.Duration
	// DelayGrain is how late a delayed message may be.
	DelayGrain time.Duration
	// MinTakeover is the shortest [Spec].Takeover.
	MinTakeover time.Duration
	// MaxHandling is how long a message may be with a receiver, however often it is
	// extended; 0: no limit.
	MaxHandling time.Duration
}

// Envelope is a message as an engine sees it. It must not be changed once it was
// sent or received: a transport may keep it.
type Envelope struct {
	ID          string            // unique; sent again it is the same message
	Type        string            // of the message
	Key         string            // for messages that are ordered by key
	ContentType string            // of Body
	Headers     map[string]string // such as traceparent
	Body        []byte
	Sent        time.Time     // microseconds arrive
	Delay       time.Duration // the engine holds it back so long, from Send on
}

// Queue is a queue of a [Transport].
type Queue interface {
	// Send returns nil when the whole batch is stored, as durably as the engine is
	// set. On any other error than [ErrTooLarge] a part of it may be stored; to send
	// the same envelopes again is safe, and repeats what was stored unless
	// [Capabilities].Dedup says otherwise. All fields arrive as they were sent, also
	// if nobody receives yet. A queue that has vanished is an error.
	//
	// A delayed message is never early by the engine's clock, at most
	// [Capabilities].DelayGrain late if a receiver waits, survives what others
	// survive, and takes no place in anybody's prefetch.
	Send(ctx context.Context, batch ...*Envelope) error

	// Receive begins to receive. At most prefetch messages are with the receiver and
	// not settled, with those that Next has not returned yet.
	Receive(ctx context.Context, prefetch int) (Receiver, error)

	// Stats of a queue at rest are exact or [Unknown].
	Stats(ctx context.Context) (Stats, error)

	// DeadLetters returns those behind the one whose ID is after, at most limit, in
	// the order in which they were buried; "" is before the first. It changes
	// nothing. Dead letters do not expire.
	DeadLetters(ctx context.Context, after string, limit int) ([]DeadLetter, error)

	// Resend hands the dead letters with these IDs out again, with all their fields
	// and Attempt 1, and tells how many there were.
	Resend(ctx context.Context, ids ...string) (int, error)

	// Discard deletes the dead letters with these IDs, and tells how many there were.
	Discard(ctx context.Context, ids ...string) (int, error)
}

// TxSender is a [Queue] that can send within a transaction of the user's own.
type TxSender interface {
	// SendTx is Send in tx: the batch is there when tx has been committed, and not
	// if it is rolled back. A tx of a type that the engine does not know is an error.
	SendTx(ctx context.Context, tx any, batch ...*Envelope) error
}

// Receiver receives from a [Queue].
type Receiver interface {
	// Next waits for a message. The error is ctx's or [ErrClosed]: trouble that may
	// heal is a [State], and Next waits until it has.
	Next(ctx context.Context) (Delivery, error)

	// Close gives everything that is not settled to others at once, also what Next
	// has not returned, in the order in which it was; that may count as an attempt.
	// It waits until settlements have arrived, and may be called again.
	Close(ctx context.Context) error
}

// Delivery is a message that was handed to a [Receiver]. It is with that one alone
// until it is settled by Ack, Nack or Bury, the receiver is closed or dies, or, in
// engines that cannot tell whether a receiver lives, [Spec].Takeover has passed
// without Extend; the transport itself extends what Next has not returned yet. The
// methods may be called when the context of Next has ended. When the delivery is no
// longer the receiver's, they answer [ErrLost] and change nothing, in particular no
// other delivery.
type Delivery interface {
	Message() *Envelope

	// Attempt is 1 at first, and one more after each Nack and each death of a
	// receiver.
	Attempt() int

	// Ack has the message forgotten. If a Close that returned nil follows, it is
	// never handed out again; otherwise it may be, if the process, the connection or
	// the engine dies right after it.
	Ack(ctx context.Context) error

	// Nack has the message handed out again, not before delay has passed and at most
	// [Capabilities].DelayGrain later. It loses its place in the order.
	Nack(ctx context.Context, delay time.Duration) error

	// Bury moves the message to the dead letters; any text is a reason. In a crash it
	// may end up in both places, never in neither.
	Bury(ctx context.Context, reason string) error

	// Extend starts Takeover anew.
	Extend(ctx context.Context) error
}

// DeadLetter is a message that was given up.
type DeadLetter struct {
	ID       string // of the dead letter, not of the message
	Reason   string
	Message  *Envelope
	Attempts int
	At       time.Time
}

// Unknown is a number of [Stats] that the engine does not tell.
const Unknown = -1

// Stats are the numbers of a queue; each may be [Unknown].
type Stats struct {
	Ready    int64 // to be handed out at once
	InFlight int64 // with a receiver
	Delayed  int64
	Dead     int64
	Oldest   time.Duration // how long the oldest of Ready has been there
}

// MarshalJSON writes null for what is [Unknown], and Oldest as "1.5s".
func (s Stats) MarshalJSON() ([]byte, error) {
	known := func(number int64) *int64 {
		if number == Unknown {
			return nil
		}
		return &number
	}
	var oldest *string
	if s.Oldest != Unknown {
		text := s.Oldest.String()
		oldest = &text
	}
	return json.Marshal(struct {
		Ready    *int64  `json:"ready"`
		InFlight *int64  `json:"inFlight"`
		Delayed  *int64  `json:"delayed"`
		Dead     *int64  `json:"dead"`
		Oldest   *string `json:"oldest"`
	}{known(s.Ready), known(s.InFlight), known(s.Delayed), known(s.Dead), oldest})
}
