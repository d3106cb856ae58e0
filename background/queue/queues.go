package queue

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.uber.org/fx"
)

// Queues shows the queues of an application, and lists, resends and discards their
// dead letters. It is injectable as *Queues, in an application of package host or with
// [Module]. It is safe for concurrent use.
type Queues struct{ topics []*topic }

// Module makes *[Queues] injectable. Package host has it already.
func Module() fx.Option {
	return fx.Provide(func(in struct {
		fx.In

		Topics []*topic `group:"fxhost.queue"`
	},
	) *Queues {
		slices.SortFunc(in.Topics, func(a, b *topic) int { return strings.Compare(a.name, b.name) })
		return &Queues{in.Topics}
	})
}

// Status is the state of the queue of one type of message.
type Status struct {
	Name       string `json:"name"`
	Message    string `json:"message"` // its type, as Go writes it
	Engine     string `json:"engine"`
	Connection State  `json:"connection"`
	Partitions int    `json:"partitions"` // 0 if they are not ordered
	Handled    bool   `json:"handled"`    // by Handle, in this process
	Stats      Stats  `json:"stats"`

	Type reflect.Type `json:"-"` // of the message

	// Counts since this process started: attempts that succeeded, attempts that failed,
	// and messages that became dead letters.
	Succeeded uint64 `json:"succeeded"`
	Failed    uint64 `json:"failed"`
	Buried    uint64 `json:"buried"`
}

// List returns the status of all queues, sorted by name. If an engine does not answer,
// its Stats are [Unknown].
func (q *Queues) List(ctx context.Context) []Status {
	list := make([]Status, len(q.topics))
	for i, t := range q.topics {
		stats, err := t.stats(ctx)
		if err != nil {
			stats = Stats{Ready: Unknown, InFlight: Unknown, Delayed: Unknown, Dead: Unknown, Oldest: Unknown}
		}
		list[i] = Status{
			Name: t.name, Message: t.message.String(), Type: t.message, Engine: t.can.Engine, Connection: t.transport.State(),
			Partitions: t.partitions, Handled: t.handled, Stats: stats,
			Succeeded: t.succeeded.Load(), Failed: t.failed.Load(), Buried: t.buried.Load(),
		}
	}
	return list
}

func (q *Queues) find(name string) (*topic, error) {
	names := make([]string, len(q.topics))
	for i, t := range q.topics {
		if t.name == name {
			return t, nil
		}
		names[i] = t.name
	}
	return nil, fmt.Errorf("queue: there is no %q; there are %q", name, names)
}

// stats are those of all partitions together.
func (t *topic) stats(ctx context.Context) (all Stats, err error) {
	queues, err := t.open(ctx)
	if err != nil {
		return all, err
	}
	for _, q := range queues {
		s, err := q.Stats(ctx)
		if err != nil {
			return all, errors.Join(err)
		}
		all.Ready = sum(all.Ready, s.Ready)
		all.InFlight = sum(all.InFlight, s.InFlight)
		all.Delayed = sum(all.Delayed, s.Delayed)
		all.Dead = sum(all.Dead, s.Dead)
		if all.Oldest = max(all.Oldest, s.Oldest); s.Oldest == Unknown {
			all.Oldest = Unknown
		}
	}
	return all, nil
}

func sum(a, b int64) int64 {
	if a == Unknown || b == Unknown {
		return Unknown
	}
	return a + b
}
