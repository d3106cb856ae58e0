package queue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxhost/fxhost/background/queue"
)

// failing is an application whose handler fails until healed.
type failing struct {
	*application

	healed bool
	done   journal[string]
}

func startFailing(t *testing.T, options ...queue.Option) *failing {
	t.Helper()
	f := &failing{}
	f.application = start(t, queue.Handle[invoice](handler(func(_ context.Context, i invoice) error {
		if f.healed {
			f.done.note(fmt.Sprint(i.Customer, i.Number))
			return nil
		}
		return queue.Permanent(fmt.Errorf("No paper for %s%d", i.Customer, i.Number))
	}), options...))
	return f
}

func (f *failing) find(t *testing.T, filter queue.DeadLetterFilter) []queue.DeadLetter {
	t.Helper()
	var found []queue.DeadLetter
	for letter, err := range f.queues.DeadLetters(t.Context(), "invoice", filter) {
		must(t, err)
		found = append(found, letter)
	}
	return found
}

func TestDeadLettersAreFound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, begin := startFailing(t), time.Now()
		for i := range 250 { // more than two pages
			must(t, a.invoices.Send(t.Context(), invoice{"ada", i}, queue.ID(fmt.Sprint("m", i))))
			time.Sleep(time.Second)
		}
		all := a.find(t, queue.DeadLetterFilter{})
		at := func(i int) time.Time { return begin.Add(time.Duration(i) * time.Second) }
		for name, c := range map[string]struct {
			filter queue.DeadLetterFilter
			want   []queue.DeadLetter
		}{
			"one":       {queue.DeadLetterFilter{ID: all[130].ID}, all[130:131]},
			"after":     {queue.DeadLetterFilter{After: all[130].ID}, all[131:]},
			"message":   {queue.DeadLetterFilter{MessageID: "m7"}, all[7:8]},
			"reason":    {queue.DeadLetterFilter{Reason: "no PAPER for ada24"}, append(all[24:25:25], all[240:]...)},
			"body":      {queue.DeadLetterFilter{Body: `"Number":24`}, append(all[24:25:25], all[240:]...)},
			"time":      {queue.DeadLetterFilter{From: at(10), Until: at(12)}, all[10:12]},
			"no key":    {queue.DeadLetterFilter{Key: "ada"}, nil},
			"all":       {queue.DeadLetterFilter{MessageID: "m7", Reason: "ada8"}, nil},
			"not there": {queue.DeadLetterFilter{ID: "4711"}, nil},
		} {
			got := a.find(t, c.filter)
			if !slices.EqualFunc(got, c.want, func(a, b queue.DeadLetter) bool { return a.ID == b.ID && a.Message == b.Message }) {
				t.Errorf("%s: got %d letters, want %d", name, len(got), len(c.want))
			}
		}
		_, err := a.queues.Discard(t.Context(), "invoice", all[130].ID)
		must(t, err)
		if got := a.find(t, queue.DeadLetterFilter{After: all[130].ID}); len(got) != 119 {
			t.Errorf("%d letters are behind one that is gone", len(got))
		}
		for range a.queues.DeadLetters(t.Context(), "invoice", queue.DeadLetterFilter{}) {
			break // a loop may be left
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err = range a.queues.DeadLetters(ctx, "invoice", queue.DeadLetterFilter{}) {
		}
		wantText(t, err, `queue: dead letters of "invoice": context canceled`)
	})
}

func TestALetterThatDiesAgainIsNotSeenAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := startFailing(t)
		must(t, a.invoices.SendAll(t.Context(), make([]invoice, 3)))
		synctest.Wait()
		seen := 0
		for letter, err := range a.queues.DeadLetters(t.Context(), "invoice", queue.DeadLetterFilter{}) {
			must(t, err)
			seen++
			_, err = a.queues.Resend(t.Context(), "invoice", letter.ID)
			must(t, err)
			synctest.Wait()
		}
		if n := len(a.letters(t)); seen != 3 || n != 3 {
			t.Errorf("%d were seen, %d are there", seen, n)
		}
	})
}

func TestAllThatFitAreSentAgainInTheirOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := startFailing(t, queue.Ordered(3), queue.KeyBy(customerOf))
		customers := []string{"ada", "grace", "joan", "mary", "rosa"}
		for i := range 40 {
			for _, customer := range customers {
				must(t, a.invoices.Send(t.Context(), invoice{customer, i}))
				time.Sleep(time.Millisecond)
			}
		}
		synctest.Wait()
		first := a.find(t, queue.DeadLetterFilter{Key: "grace"})[0]
		n, err := a.queues.Resend(t.Context(), "invoice", first.ID) // it dies again, behind the others
		if n != 1 || err != nil {
			t.Errorf("sent %d, %v", n, err)
		}
		synctest.Wait()
		a.healed = true
		n, err = a.queues.ResendAll(t.Context(), "invoice", queue.DeadLetterFilter{Reason: "for grace"})
		if n != 40 || err != nil {
			t.Errorf("sent %d, %v", n, err)
		}
		synctest.Wait()
		var want []string
		for i := range 40 {
			want = append(want, fmt.Sprint("grace", i))
		}
		wantNotes(t, &a.done, want...)
		n, err = a.queues.ResendAll(t.Context(), "invoice", queue.DeadLetterFilter{})
		if n != 160 || err != nil {
			t.Errorf("sent %d, %v", n, err)
		}
		synctest.Wait()
		for _, customer := range customers {
			last := -1
			for _, note := range a.done.all() {
				var number int
				if rest, ok := strings.CutPrefix(note, customer); ok {
					_, err := fmt.Sscan(rest, &number)
					must(t, err)
					if number != last+1 {
						t.Fatalf("%s after %d", note, last)
					}
					last = number
				}
			}
			if last != 39 {
				t.Errorf("the last of %s is %d", customer, last)
			}
		}
		_, err = a.queues.ResendAll(t.Context(), "invoices", queue.DeadLetterFilter{})
		wantText(t, err, `queue: there is no "invoices"; there are ["invoice"]`)
		_, err = a.queues.ResendAll(t.Context(), "invoice", queue.DeadLetterFilter{After: "7:1"})
		wantText(t, err, `queue: "7" is not the ID of a dead letter of "invoice"`)
	})
}

func TestADeadLetterIsReadableAsJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	const begin = `{"id":"7","reason":"broken","attempts":5,"at":"2026-11-21T12:00:00Z","messageId":"m","type":"invoice",`
	for want, e := range map[string]queue.Envelope{
		`"key":"ada","contentType":"application/json","headers":{"a":"b"},"sent":"2026-11-21T12:00:00Z","body":{"Number":1}}`: {
			Key: "ada", ContentType: "application/json", Headers: map[string]string{"a": "b"}, Body: []byte(`{"Number": 1}`),
		},
		`"contentType":"application/json","sent":"2026-11-21T12:00:00Z","body":"{"}`:           {ContentType: "application/json", Body: []byte("{")},
		`"contentType":"text/plain","sent":"2026-11-21T12:00:00Z","body":"42"}`:                {ContentType: "text/plain", Body: []byte("42")},
		`"contentType":"image/png","sent":"2026-11-21T12:00:00Z","bodyBase64":"iVBORw0K/w=="}`: {ContentType: "image/png", Body: []byte("\x89PNG\r\n\xff")},
	} {
		e.ID, e.Type, e.Sent = "m", "invoice", at
		got, err := json.Marshal(queue.DeadLetter{ID: "7", Reason: "broken", Attempts: 5, At: at, Message: &e})
		if err != nil || string(got) != begin+want {
			t.Errorf("%v\n got  %s\n want %s", err, got, begin+want)
		}
	}
}
