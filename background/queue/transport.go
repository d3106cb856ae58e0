package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Errors to test for with errors.Is. Engines return them, too.
var (
	// ErrClosed is returned by a queue that is closed, or whose host is stopping.
	ErrClosed = errors.New("queue: closed")
	// ErrLost is returned for a message that is settled already, or that another
	// process has taken over.
	ErrLost = errors.New("queue: delivery is no longer ours")
	// ErrTooLarge is returned for a message whose body is larger than
	// [Capabilities].MaxBody.
	ErrTooLarge = errors.New("queue: message too large")
	// ErrConflict is returned for a queue that exists with other settings.
	ErrConflict = errors.New("queue: exists with other settings")
)

// Transport is implemented by an engine, which stores messages and delivers them. The
// rest is done by this package, once for all engines: codecs, scopes, retries, dead
// letters after the last attempt, order by key, extending deliveries that are being
// handled, and the stop.
//
// All methods of a transport, and of the types that it returns, must be safe for
// concurrent use. Errors may wrap those of this package. Package queuetest tests a
// transport, rule by rule.
type Transport interface {
	// Open returns a queue, and creates what is missing. Several processes may open a
	// queue at the same time, and get the same one. If a queue exists with another Spec,
	// or something else has its name in the engine, Open returns [ErrConflict] and changes
	// nothing. Two names never share anything: a queue called "a-dead" is not where the
	// queue "a" keeps its dead letters.
	Open(ctx context.Context, spec Spec) (Queue, error)

	// State returns the state of the connection, immediately. It may be up to two seconds
	// old.
	State() State

	// Capabilities returns what the engine can do. The result never changes.
	Capabilities() Capabilities

	// Close closes all receivers and the connection, and leaves no goroutine behind.
	// After Close, every method returns [ErrClosed].
	Close(ctx context.Context) error
}

// Spec is the name and the settings of a queue. They are the same in all processes.
type Spec struct {
	// Name has 1 to 64 letters, digits, "-" and "_" of ASCII.
	Name string
	// Takeover is how long the messages of a receiver that has died stay with it. Others
	// get them at most a second later.
	Takeover time.Duration
	// Exclusive delivers the messages in the order in which they were sent. While a
	// receiver in any process has a message that is not settled, no other receiver gets
	// one.
	Exclusive bool
}

var specName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Validate returns an error if the name or the takeover is invalid.
func (s Spec) Validate() error {
	if !specName.MatchString(s.Name) {
		return fmt.Errorf("queue: name %q: want 1 to 64 letters, digits, - and _", s.Name)
	}
	if s.Takeover <= 0 {
		return fmt.Errorf("queue: queue %q: takeover %v: must be more than zero", s.Name, s.Takeover)
	}
	return nil
}

// State is the state of the connection of a [Transport].
type State struct {
	Connected bool
	Since     time.Time
	Err       error // why it is not connected
}

// MarshalJSON writes Err as its text, or omits it if it is nil.
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
	// Order is true if queues can be [Spec].Exclusive.
	Order bool
	// MaxBody is the size of the largest body in bytes; 0: no limit.
	MaxBody int
	// Dedup is how long the engine remembers the ID of a message, and drops a second
	// Send of it; 0: not at all.
	Dedup time.Duration
	// DelayGrain is how late a delayed message may arrive.
	DelayGrain time.Duration
	// MinTakeover is the shortest [Spec].Takeover.
	MinTakeover time.Duration
	// MaxHandling is how long a receiver may hold a message, even if it extends it;
	// 0: no limit.
	MaxHandling time.Duration
}

// Envelope is a message as an engine stores it. Nobody may change it after it was sent
// or received.
type Envelope struct {
	ID          string            // unique; the same when a message is sent again
	Type        string            // of the message
	Key         string            // for messages that are ordered by key
	ContentType string            // of Body
	Headers     map[string]string // such as traceparent
	Body        []byte
	Sent        time.Time     // engines keep microseconds
	Delay       time.Duration // how long the engine holds the message back after Send
}

// Queue is a queue of a [Transport].
type Queue interface {
	// Send returns nil when the whole batch is stored, as durably as the engine is
	// configured. After an error, a part of the batch may be stored, except after
	// [ErrTooLarge]. The same envelopes may be sent again; those that were stored are then
	// delivered twice, unless [Capabilities].Dedup is set. All fields arrive unchanged.
	// Messages are kept while nobody receives. It is an error if the queue was deleted.
	//
	// A delayed message is never early by the engine's clock. It is at most
	// [Capabilities].DelayGrain late if a receiver waits. It is as durable as others, and
	// does not count for a receiver's prefetch before it is due.
	Send(ctx context.Context, batch ...*Envelope) error

	// Receive returns a new receiver. It holds at most prefetch messages that are not
	// settled, including those that Next has not returned yet.
	Receive(ctx context.Context, prefetch int) (Receiver, error)

	// Stats returns the numbers of the queue. When nothing changes, each is exact or
	// [Unknown].
	Stats(ctx context.Context) (Stats, error)

	// DeadLetters returns at most limit dead letters behind the one with the ID after, in
	// the order in which they became dead letters. With "", it returns the first ones. The
	// letter with the ID after may be gone. Dead letters do not expire.
	DeadLetters(ctx context.Context, after string, limit int) ([]DeadLetter, error)

	// Resend moves the dead letters with these IDs back to the queue, unchanged, and
	// returns how many it found. Their Attempt is 1 again. A queue that is [Spec].Exclusive
	// delivers them in the order of the IDs.
	Resend(ctx context.Context, ids ...string) (int, error)

	// Discard deletes the dead letters with these IDs, and returns how many it found.
	Discard(ctx context.Context, ids ...string) (int, error)
}

// TxSender is implemented by a [Queue] that can send in a transaction of the user.
type TxSender interface {
	// SendTx sends the batch in tx: it is stored if tx commits, and not if tx is rolled
	// back. It is an error if the engine does not know the type of tx.
	SendTx(ctx context.Context, tx any, batch ...*Envelope) error
}

// Receiver receives the messages of a [Queue].
type Receiver interface {
	// Next waits for a message. It returns the error of ctx, or [ErrClosed]. A lost
	// connection is not an error: Next waits until it is back, and [State] reports it.
	Next(ctx context.Context) (Delivery, error)

	// Close gives back all messages that are not settled, in their order, including those
	// that Next has not returned. Others get them immediately; that may count as an
	// attempt. Close waits until the engine has all settlements. It may be called again.
	Close(ctx context.Context) error
}

// Delivery is a message that a [Receiver] holds. No other receiver gets the message
// until it is settled by Ack, Nack or Bury, or the receiver is closed or dies. An
// engine that cannot see whether a receiver is alive takes the message back when
// [Spec].Takeover has passed without Extend. The transport extends messages that Next
// has not returned yet.
//
// The methods work after the context of Next has ended. If the receiver does not hold
// the message any more, they return [ErrLost] and change nothing, least of all another
// delivery.
type Delivery interface {
	// Message returns the message.
	Message() *Envelope

	// Attempt returns 1 for the first delivery, and one more after each Nack and each
	// death of a receiver.
	Attempt() int

	// Ack removes the message. After a Close of the receiver that returned nil, the
	// message is never delivered again. Without it, it may be, if the process, the
	// connection or the engine dies immediately after Ack.
	Ack(ctx context.Context) error

	// Nack gives the message back. It is delivered again after delay, at most
	// [Capabilities].DelayGrain later. It loses its place in the order.
	Nack(ctx context.Context, delay time.Duration) error

	// Bury makes the message a dead letter, with any text as the reason. After a crash,
	// it may be in the queue as well, but it is never lost.
	Bury(ctx context.Context, reason string) error

	// Extend restarts the Takeover time of the message.
	Extend(ctx context.Context) error
}

// DeadLetter is a message whose last attempt failed.
type DeadLetter struct {
	ID       string // of the dead letter, not of the message
	Reason   string // the error of the last attempt
	Message  *Envelope
	Attempts int
	At       time.Time
}

// Unknown is the value of a number of [Stats] that the engine does not know.
const Unknown = -1

// Stats are the numbers of a queue. Each may be [Unknown].
type Stats struct {
	Ready    int64         // messages that can be delivered now
	InFlight int64         // messages that receivers hold
	Delayed  int64         // messages that are held back
	Dead     int64         // dead letters
	Oldest   time.Duration // how long the oldest ready message has waited
}

// MarshalJSON writes null for [Unknown], and Oldest as text such as "1.5s".
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
