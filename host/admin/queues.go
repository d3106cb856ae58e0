package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/internal/printable"
)

// queuesSnapshot are the queues.
type queuesSnapshot struct {
	Queues []queueSeen `json:"queues"`
	Total  int         `json:"total"` // also those that the filter hides
}

// queueSeen is one queue.
type queueSeen struct {
	queue.Status

	Oldest string `json:"-"` // for the page
	Error  string `json:"-"`
}

func (s *server) lookAtQueues(ctx context.Context, query url.Values) (any, error) {
	f := newFilter(query)
	shown := queuesSnapshot{Queues: []queueSeen{}}
	for _, status := range s.sources.Queues.List(ctx) {
		shown.Total++
		if !f.matches(status.Name, status.Message, status.Engine) {
			continue
		}
		seen := queueSeen{Status: status, Error: textOf(status.Connection.Err)}
		if status.Stats.Oldest > 0 {
			seen.Oldest = duration(status.Stats.Oldest)
		}
		shown.Queues = append(shown.Queues, seen)
	}
	return shown, nil
}

const (
	// shownLetters is how many dead letters are shown at once.
	shownLetters = 50
	// batch is how many are sent again or discarded in one call.
	batch = 500
	// searched is how many are looked at for a filter.
	searched = 20_000
)

// deadLettersSnapshot are dead letters of a queue.
type deadLettersSnapshot struct {
	Queue   string       `json:"queue"`
	Queues  []string     `json:"queues"` // that there are
	Letters []letterSeen `json:"letters"`
	Matches int          `json:"matches"` // the filter, shown or not
	Total   int          `json:"total"`   // that were looked at
	More    bool         `json:"more"`    // there are more, which were not looked at
	Next    string       `json:"next"`    // to ask for those behind as ?after=, "" if there are none

	Filter string `json:"-"` // for the page
}

// letterSeen is one dead letter.
type letterSeen struct {
	ID       string            `json:"id"`
	Message  string            `json:"message"` // its ID
	Key      string            `json:"key,omitempty"`
	Reason   string            `json:"reason"`
	Attempts int               `json:"attempts"`
	Sent     time.Time         `json:"sent"`
	At       time.Time         `json:"at"` // when it was given up
	Headers  map[string]string `json:"headers,omitempty"`
	Payload  string            `json:"payload"` // masked, and cut
	Bytes    int               `json:"bytes"`   // of the whole body
}

func (s *server) lookAtDeadLetters(ctx context.Context, query url.Values) (any, error) {
	shown := deadLettersSnapshot{Queue: query.Get("queue"), Letters: []letterSeen{}, Queues: []string{}, Filter: query.Get("q")}
	list := s.sources.Queues.List(ctx)
	for _, status := range list {
		shown.Queues = append(shown.Queues, status.Name)
	}
	if shown.Queue == "" && len(list) > 0 {
		shown.Queue = list[0].Name
		for _, status := range list {
			if status.Stats.Dead > 0 {
				shown.Queue = status.Name
				break
			}
		}
	}
	if shown.Queue == "" {
		return shown, nil
	}
	after, behind := query.Get("after"), query.Get("after") == ""
	var err error
	shown.Total, shown.More, err = s.search(ctx, shown.Queue, newFilter(query), func(l letterSeen) {
		shown.Matches++
		switch {
		case !behind:
			behind = l.ID == after
		case len(shown.Letters) < shownLetters:
			shown.Letters = append(shown.Letters, l)
		case shown.Next == "":
			shown.Next = shown.Letters[shownLetters-1].ID
		}
	})
	return shown, err
}

// search calls found for the dead letters that match, in their order.
func (s *server) search(ctx context.Context, name string, f filter, found func(letterSeen)) (total int, more bool, err error) {
	list := s.sources.Queues.List(ctx)
	i := slices.IndexFunc(list, func(status queue.Status) bool { return status.Name == name })
	if i < 0 {
		return 0, false, refusal(http.StatusNotFound, fmt.Sprintf("there is no queue %q", shorten(name, 100)))
	}
	m := newMasker(list[i].Type)
	for letter, err := range s.sources.Queues.DeadLetters(ctx, name, queue.DeadLetterFilter{}) {
		if err != nil {
			return total, false, err
		}
		if total == searched {
			return total, true, nil
		}
		total++
		if seen := m.letter(letter); f.matches(seen.ID, seen.Message, seen.Key, seen.Reason, seen.Payload) {
			found(seen)
		}
	}
	return total, false, nil
}

func (m *masker) letter(l queue.DeadLetter) letterSeen {
	seen := letterSeen{
		ID: l.ID, Message: printable.Text(l.Message.ID), Key: shorten(printable.Text(l.Message.Key), 200),
		Reason: shorten(printable.Lines(l.Reason), maxText), Attempts: l.Attempts, Sent: l.Message.Sent, At: l.At,
		Payload: m.payload(l.Message.Body), Bytes: len(l.Message.Body),
	}
	for name, value := range l.Message.Headers {
		if seen.Headers == nil {
			seen.Headers = map[string]string{}
		}
		seen.Headers[shorten(printable.Text(name), 200)] = m.header(name, value)
	}
	return seen
}

func (s *server) deadLetterActions() []*action {
	return []*action{
		{path: "dead-letters/resend", grant: Act, do: func(ctx context.Context, d *deed, form url.Values) error {
			return s.settle(ctx, d, form, "sent again", func(q *queue.Queues, ids []string) (int, error) { return q.Resend(ctx, d.Target, ids...) })
		}},
		{path: "dead-letters/discard", grant: Act, do: func(ctx context.Context, d *deed, form url.Values) error {
			return s.settle(ctx, d, form, "discarded", func(q *queue.Queues, ids []string) (int, error) { return q.Discard(ctx, d.Target, ids...) })
		}},
	}
}

// settle has do done with the dead letters of a form: those with its ids, or all that match
// its filter, of which it has to know the number. They are taken in the order in which
// they were sent at first, which is that of those with one key.
func (s *server) settle(ctx context.Context, d *deed, form url.Values, done string, do func(*queue.Queues, []string) (int, error)) error {
	d.Target = form.Get("queue")
	if s.sources.Queues == nil {
		return refusal(http.StatusNotFound, "this program has no queues")
	}
	wanted := form["id"]
	var letters []letterSeen
	f := newFilter(form)
	if len(wanted) > 0 {
		f = nil
	}
	_, _, err := s.search(ctx, d.Target, f, func(l letterSeen) {
		if len(wanted) == 0 || slices.Contains(wanted, l.ID) {
			letters = append(letters, letterSeen{ID: l.ID, Sent: l.Sent})
		}
	})
	switch {
	case err != nil:
		return err
	case len(wanted) > 0 && len(letters) == 0:
		return refusal(http.StatusNotFound, "these dead letters are not there any more")
	case len(wanted) == 0 && form.Get("count") != strconv.Itoa(len(letters)):
		return refusal(http.StatusConflict, fmt.Sprintf("%d match now: send this number as \"count\" if you mean all of them, or the \"id\" of each", len(letters)))
	}
	slices.SortStableFunc(letters, func(a, b letterSeen) int { return a.Sent.Compare(b.Sent) })
	ids := make([]string, len(letters))
	for i, l := range letters {
		ids[i] = l.ID
	}
	d.Old = fmt.Sprintf("%d dead letters", len(ids))
	if len(ids) == 1 {
		d.Old = "dead letter " + ids[0]
	}
	if len(f) > 0 {
		d.Old += fmt.Sprintf(" with %q", form.Get("q"))
	}
	count := 0
	for part := range slices.Chunk(ids, batch) {
		n, err := do(s.sources.Queues, part)
		count += n
		d.New = fmt.Sprintf("%d %s", count, done)
		if err != nil {
			return fmt.Errorf("%d were %s: %w", count, done, err)
		}
	}
	return nil
}
