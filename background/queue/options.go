package queue

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/fxhost/fxhost/hosted"
)

// Option is an option of a type of message. [Handle] and [Declare] take it.
type Option interface{ apply(*settings) }

type optionFunc func(*settings)

func (f optionFunc) apply(s *settings) { f(s) }

// settings are those of a message type.
type settings struct {
	name           string
	codec          Codec
	partitions     int // 0: not ordered
	key            any // a func(M) string, or nil
	takeover       time.Duration
	concurrency    int // 0: not given
	prefetch       int // 0: not given
	timeout        time.Duration
	attempts       int
	first, longest time.Duration
	jitter         float64
	service        []hosted.ServiceOption
	err            error
}

func newSettings(message reflect.Type, options []Option) settings {
	s := settings{
		name: messageName(message), codec: jsonCodec{},
		attempts: 5, first: time.Second, longest: time.Minute, jitter: 0.2,
	}
	for i, option := range options {
		if option == nil {
			s.mistake("option %d is nil", i+1)
			continue
		}
		option.apply(&s)
	}
	if s.partitions > 0 && s.concurrency > 0 {
		s.mistake("queue.Concurrency with queue.Ordered: each partition has one worker")
	}
	if s.key != nil && s.partitions == 0 {
		s.mistake("queue.KeyBy without queue.Ordered")
	}
	if s.longest < s.first {
		s.mistake("queue.Backoff(%v, %v): the longest wait is shorter than the first", s.first, s.longest)
	}
	if workers := max(1, s.concurrency); s.prefetch == 0 {
		s.prefetch = 2 * workers
	} else if s.prefetch < workers {
		s.mistake("queue.Prefetch(%d): fewer than the %d workers of queue.Concurrency", s.prefetch, workers)
	}
	for _, name := range s.queueNames() {
		if err := (Spec{Name: name, Takeover: time.Second}).Validate(); err != nil {
			s.mistake("%v; give it one with queue.Name", err)
			break
		}
	}
	return s
}

// messageName is the name of a type without its package.
func messageName(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Name()
}

// queueNames are those of the queues in the engine.
func (s *settings) queueNames() []string {
	if s.partitions == 0 {
		return []string{s.name}
	}
	names := make([]string, s.partitions)
	for i := range names {
		names[i] = fmt.Sprintf("%s-p%d", s.name, i)
	}
	return names
}

func (s *settings) mistake(format string, args ...any) {
	s.err = errors.Join(s.err, fmt.Errorf(format, args...))
}

func positive(s *settings, option string, value time.Duration) time.Duration {
	if value <= 0 {
		s.mistake("queue.%s(%v): must be more than zero", option, value)
	}
	return value
}

// count is a number that costs something for each, so that a very large one is a
// mistake.
func count(s *settings, option string, value, limit int) int {
	if value < 1 || value > limit {
		s.mistake("queue.%s(%d): must be from 1 to %d", option, value, limit)
		return 1
	}
	return value
}

// Name names the queue of the messages in the engine, in logs and in [Queues]. It has
// 1 to 64 letters, digits, "-" and "_". All programs that send or handle the messages
// must use the same name. Default is the name of the type, without its package.
func Name(name string) Option { return optionFunc(func(s *settings) { s.name = name }) }

// WithCodec encodes and decodes the messages with codec. All programs must use the
// same codec. Default is JSON by encoding/json.
func WithCodec(codec Codec) Option {
	return optionFunc(func(s *settings) {
		if s.codec = codec; codec == nil {
			s.mistake("queue.WithCodec: codec is nil")
		}
	})
}

// Ordered handles messages with the same key ([Key], [KeyBy]) in the order in which
// they were sent, one at a time across all processes. Keys are spread over this number
// of partitions. Each partition is a queue with one worker. A message that fails is
// tried again in its place, and the messages behind it in its partition wait. All
// programs must use the same number, from 1 to 1,000, and it must not change while
// messages are stored. Default is no order.
func Ordered(partitions int) Option {
	return optionFunc(func(s *settings) { s.partitions = count(s, "Ordered", partitions, 1000) })
}

// KeyBy returns the key of each message of an [Ordered] type.
func KeyBy[M any](key func(message M) string) Option {
	return optionFunc(func(s *settings) {
		if s.key = key; key == nil {
			s.mistake("queue.KeyBy: function is nil")
		}
	})
}

// Takeover is how long the messages of a process that has died stay with it before
// others get them. It does not limit how long a message is handled. All programs must
// use the same value. Default is 30s, or the minimum of the engine if that is longer;
// the minimum is a millisecond.
func Takeover(limit time.Duration) Option {
	return optionFunc(func(s *settings) {
		if s.takeover = limit; limit < time.Millisecond {
			s.mistake("queue.Takeover(%v): must be at least a millisecond", limit)
		}
	})
}

// Concurrency is how many messages are handled at the same time in this process.
// Default is 1.
func Concurrency(workers int) Option {
	return optionFunc(func(s *settings) { s.concurrency = count(s, "Concurrency", workers, 1_000_000) })
}

// Prefetch is how many messages this process may hold, those that are being handled
// included. For an [Ordered] type, it is the number in each partition. Default is two
// for each worker.
func Prefetch(messages int) Option {
	return optionFunc(func(s *settings) { s.prefetch = count(s, "Prefetch", messages, 1_000_000) })
}

// Timeout limits the time for one attempt at a message. It ends the context of the
// handler; what the handler returns then counts as usual. Default is no limit.
func Timeout(limit time.Duration) Option {
	return optionFunc(func(s *settings) { s.timeout = positive(s, "Timeout", limit) })
}

// Attempts is how many times a message is tried before it becomes a dead letter. An
// attempt that was cut off by a stop or by the death of a process counts, but does not
// make a dead letter. Default is 5.
func Attempts(attempts int) Option {
	return optionFunc(func(s *settings) { s.attempts = count(s, "Attempts", attempts, math.MaxInt32) })
}

// Backoff is how long a message waits after its first failure. The wait doubles after
// each further failure, up to longest. Default is 1s, up to 1m.
func Backoff(first, longest time.Duration) Option {
	return optionFunc(func(s *settings) {
		s.first, s.longest = positive(s, "Backoff", first), positive(s, "Backoff", longest)
	})
}

// Jitter is the part of each wait that is random, from 0 to 1, so that messages which
// failed together do not all come again at the same time. It only makes a wait
// shorter: with 0.2, a wait of 10s becomes 8s to 10s. Default is 0.2.
func Jitter(part float64) Option {
	return optionFunc(func(s *settings) {
		if s.jitter = part; !(part >= 0 && part <= 1) {
			s.mistake("queue.Jitter(%v): must be 0 to 1", part)
		}
	})
}

// Service passes options to the hosted service that handles the messages. For a type
// that is only declared, this is the service that opens the queue at the start. Its
// default name is "queue." and the name of the queue.
func Service(options ...hosted.ServiceOption) Option {
	return optionFunc(func(s *settings) { s.service = append(s.service, options...) })
}
