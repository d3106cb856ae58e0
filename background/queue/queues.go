package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/fx"
)

// Queues are the queues of an application: what is in them, and their dead letters.
// It is injectable as *Queues, in an application of package host or with [Module].
// Safe for concurrent use.
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

// Status is what is known of the messages of one type at one moment.
type Status struct {
	Name       string `json:"name"`
	Message    string `json:"message"` // its type
	Engine     string `json:"engine"`
	Connection State  `json:"connection"`
	Partitions int    `json:"partitions"` // 0 if they are not ordered
	Handled    bool   `json:"handled"`    // by Handle, in this process
	Stats      Stats  `json:"stats"`

	// What this process has done since it started: attempts that succeeded, attempts
	// that failed, and messages that became dead letters.
	Succeeded uint64 `json:"succeeded"`
	Failed    uint64 `json:"failed"`
	Buried    uint64 `json:"buried"`
}

// List returns the status of all, by name. Where the engine does not answer, its
// numbers are [Unknown].
func (q *Queues) List(ctx context.Context) []Status {
	list := make([]Status, len(q.topics))
	for i, t := range q.topics {
		stats, err := t.stats(ctx)
		if err != nil {
			stats = Stats{Ready: Unknown, InFlight: Unknown, Delayed: Unknown, Dead: Unknown, Oldest: Unknown}
		}
		list[i] = Status{
			Name: t.name, Message: t.message.String(), Engine: t.can.Engine, Connection: t.transport.State(),
			Partitions: t.partitions, Handled: t.handled, Stats: stats,
			Succeeded: t.succeeded.Load(), Failed: t.failed.Load(), Buried: t.buried.Load(),
		}
	}
	return list
}

// DeadLetters returns the dead letters of a queue, behind the one whose ID is
// after, at most limit, in the order in which they were buried; "" is before the
// first. Those of an [Ordered] type come partition by partition.
func (q *Queues) DeadLetters(ctx context.Context, name, after string, limit int) ([]DeadLetter, error) {
	t, err := q.find(name)
	if err != nil {
		return nil, err
	}
	queues, err := t.open(ctx)
	if err != nil {
		return nil, err
	}
	first := 0
	if after != "" {
		if first, after, err = t.letter(after); err != nil {
			return nil, err
		}
	}
	var all []DeadLetter
	for i := first; i < len(queues) && len(all) < limit; i++ {
		letters, err := queues[i].DeadLetters(ctx, after, limit-len(all))
		if err != nil {
			return nil, fmt.Errorf("queue: dead letters of %q: %w", name, err)
		}
		for _, letter := range letters {
			letter.ID = t.letterID(i, letter.ID)
			all = append(all, letter)
		}
		after = ""
	}
	return all, nil
}

// Resend sends dead letters again, as they were sent at first, and tells how many
// there were of them.
func (q *Queues) Resend(ctx context.Context, name string, ids ...string) (int, error) {
	return q.each(ctx, name, ids, Queue.Resend)
}

// Discard deletes dead letters, and tells how many there were of them.
func (q *Queues) Discard(ctx context.Context, name string, ids ...string) (int, error) {
	return q.each(ctx, name, ids, Queue.Discard)
}

func (q *Queues) each(
	ctx context.Context, name string, ids []string, do func(Queue, context.Context, ...string) (int, error),
) (int, error) {
	t, err := q.find(name)
	if err != nil {
		return 0, err
	}
	queues, err := t.open(ctx)
	if err != nil {
		return 0, err
	}
	of := make([][]string, len(queues))
	for _, id := range ids {
		i, id, err := t.letter(id)
		if err != nil {
			return 0, err
		}
		of[i] = append(of[i], id)
	}
	all := 0
	for i, ids := range of {
		if len(ids) == 0 {
			continue
		}
		n, err := do(queues[i], ctx, ids...)
		all += n
		if err != nil {
			return all, fmt.Errorf("queue: dead letters of %q: %w", name, err)
		}
	}
	return all, nil
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

// letterID makes the ID of a dead letter unique among partitions.
func (t *topic) letterID(partition int, id string) string {
	if t.partitions == 0 {
		return id
	}
	return fmt.Sprintf("%d:%s", partition, id)
}

func (t *topic) letter(id string) (int, string, error) {
	if t.partitions == 0 {
		return 0, id, nil
	}
	number, id, _ := strings.Cut(id, ":")
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= t.partitions {
		return 0, "", fmt.Errorf("queue: %q is not the ID of a dead letter of %q", number, t.name)
	}
	return i, id, nil
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
