package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	letterPage  = 100 // dead letters that are read at a time
	letterBatch = 500 // dead letters that are sent again or deleted at a time
)

// DeadLetterFilter selects the dead letters that match all of its fields. A field that
// is not set matches every letter.
type DeadLetterFilter struct {
	ID          string    // of the dead letter
	After       string    // behind the dead letter with this ID, which may be gone
	MessageID   string    // of the message
	Key         string    // of the message
	Reason      string    // contained in the reason; upper and lower case are the same
	Body        string    // contained in the body
	From, Until time.Time // buried at From or later, and before Until
}

func (f *DeadLetterFilter) fits(letter *DeadLetter) bool {
	m := letter.Message
	return (f.ID == "" || f.ID == letter.ID) &&
		(f.MessageID == "" || f.MessageID == m.ID) &&
		(f.Key == "" || f.Key == m.Key) &&
		(f.From.IsZero() || !letter.At.Before(f.From)) &&
		(f.Until.IsZero() || letter.At.Before(f.Until)) &&
		(f.Reason == "" || strings.Contains(strings.ToLower(letter.Reason), strings.ToLower(f.Reason))) &&
		(f.Body == "" || strings.Contains(string(m.Body), f.Body))
}

// DeadLetters returns the dead letters of a queue that match filter, in the order in
// which they became dead letters. Those of an [Ordered] type come partition by
// partition. The loop reads them page by page. It may send them again or discard them:
// one that becomes a dead letter once more is not returned again. An error ends the
// loop.
func (q *Queues) DeadLetters(ctx context.Context, name string, filter DeadLetterFilter) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		err := q.eachLetter(ctx, name, filter, func(_ int, letter DeadLetter) bool { return yield(letter, nil) })
		if err != nil {
			yield(DeadLetter{}, err)
		}
	}
}

// eachLetter calls do with the partition of each letter, until do returns false.
func (q *Queues) eachLetter(ctx context.Context, name string, filter DeadLetterFilter, do func(int, DeadLetter) bool) error {
	t, err := q.find(name)
	if err != nil {
		return err
	}
	queues, err := t.open(ctx)
	if err != nil {
		return err
	}
	first, after := 0, ""
	if filter.After != "" {
		if first, after, err = t.letter(filter.After); err != nil {
			return err
		}
	}
	for i := first; i < len(queues); i++ {
		stats, err := queues[i].Stats(ctx)
		if err != nil {
			return fmt.Errorf("queue: dead letters of %q: %w", name, err)
		}
		for left := stats.Dead; left > 0 || stats.Dead == Unknown; {
			page, err := queues[i].DeadLetters(ctx, after, letterPage)
			if err != nil {
				return fmt.Errorf("queue: dead letters of %q: %w", name, err)
			}
			if len(page) == 0 {
				break
			}
			after = page[len(page)-1].ID
			if left -= int64(len(page)); left < 0 && stats.Dead != Unknown {
				page = page[:int64(len(page))+left] // the others came later
			}
			for _, letter := range page {
				letter.ID = t.letterID(i, letter.ID)
				if filter.fits(&letter) && (!do(i, letter) || filter.ID != "") {
					return nil
				}
			}
		}
		after = ""
	}
	return nil
}

// Resend sends the dead letters with these IDs again, unchanged, and returns how many
// it found. Their attempts count from 1. Those of an [Ordered] type are sent in the
// order of the IDs.
func (q *Queues) Resend(ctx context.Context, name string, ids ...string) (int, error) {
	return q.each(ctx, name, ids, Queue.Resend)
}

// ResendAll sends all dead letters again that match filter, and returns how many.
// Those of an [Ordered] type are sent in the order in which they were sent the first
// time. Letters that arrive meanwhile stay. Set filter.Until to send only those that
// were counted before.
func (q *Queues) ResendAll(ctx context.Context, name string, filter DeadLetterFilter) (int, error) {
	type found struct {
		partition int
		id        string
		sent      time.Time
	}
	var all []found
	err := q.eachLetter(ctx, name, filter, func(partition int, letter DeadLetter) bool {
		all = append(all, found{partition, letter.ID, letter.Message.Sent})
		return true
	})
	if err != nil {
		return 0, err
	}
	slices.SortStableFunc(all, func(a, b found) int {
		if a.partition != b.partition {
			return a.partition - b.partition
		}
		return a.sent.Compare(b.sent)
	})
	ids := make([]string, len(all))
	for i, letter := range all {
		ids[i] = letter.id
	}
	return q.Resend(ctx, name, ids...)
}

// Discard deletes the dead letters with these IDs, and returns how many it found.
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
		for batch := range slices.Chunk(ids, letterBatch) {
			n, err := do(queues[i], ctx, batch...)
			all += n
			if err != nil {
				return all, fmt.Errorf("queue: dead letters of %q: %w", name, err)
			}
		}
	}
	return all, nil
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

// MarshalJSON writes the fields of the letter and of its message. A body that is JSON
// is written as it is, and any other text as a string. A body that is not text is
// written in base64, as bodyBase64.
func (l DeadLetter) MarshalJSON() ([]byte, error) {
	m := l.Message
	if m == nil {
		m = &Envelope{}
	}
	letter := struct {
		ID          string            `json:"id"`
		Reason      string            `json:"reason"`
		Attempts    int               `json:"attempts"`
		At          time.Time         `json:"at"`
		MessageID   string            `json:"messageId"`
		Type        string            `json:"type"`
		Key         string            `json:"key,omitempty"`
		ContentType string            `json:"contentType"`
		Headers     map[string]string `json:"headers,omitempty"`
		Sent        time.Time         `json:"sent"`
		Body        any               `json:"body,omitempty"`
		BodyBase64  []byte            `json:"bodyBase64,omitempty"`
	}{
		ID: l.ID, Reason: l.Reason, Attempts: l.Attempts, At: l.At,
		MessageID: m.ID, Type: m.Type, Key: m.Key, ContentType: m.ContentType, Headers: m.Headers, Sent: m.Sent,
	}
	switch {
	case m.ContentType == jsonCodec{}.ContentType() && json.Valid(m.Body):
		letter.Body = json.RawMessage(m.Body)
	case utf8.Valid(m.Body):
		letter.Body = string(m.Body)
	default:
		letter.BodyBase64 = m.Body
	}
	return json.Marshal(letter)
}
