package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/printable"
)

// topic is something that is shown: a page, JSON, and a stream of each.
type topic struct {
	name   string // in the address
	title  string
	parent string // of the topic that leads to it, "" if it is in the navigation
	slow   bool   // to look costs much, so that streams look less often
	// look returns what there is now, filtered by the query. The page and JSON show the
	// same.
	look func(ctx context.Context, query url.Values) (any, error)
}

func (s *server) allTopics() []*topic {
	topics := []*topic{{name: "services", title: "Services", look: s.lookAtServices}}
	if s.sources.Jobs != nil {
		topics = append(topics, &topic{name: "jobs", title: "Jobs", look: s.lookAtJobs})
	}
	if s.sources.Queues != nil {
		topics = append(topics,
			&topic{name: "queues", title: "Queues", look: s.lookAtQueues},
			&topic{name: "dead-letters", title: "Dead letters", parent: "queues", slow: true, look: s.lookAtDeadLetters})
	}
	if s.sources.Configuration != nil {
		topics = append(topics, &topic{name: "settings", title: "Settings", look: s.lookAtSettings})
	}
	return append(topics,
		&topic{name: "levels", title: "Log levels", look: s.lookAtLevels},
		&topic{name: "program", title: "Program", look: s.lookAtProgram},
		&topic{name: "actions", title: "Actions", look: s.lookAtActions})
}

// snapshot looks, for a limited time: what is asked for may be with another machine. The
// code of the user's, such as an error's text, must not take the page down.
func (t *topic) snapshot(ctx context.Context, query url.Values) (shown any, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lookLimit, &hosted.TimeoutError{Name: "admin", Limit: lookLimit})
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			err = &hosted.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return t.look(ctx, query)
}

const lookLimit = 5 * time.Second

func (s *server) showJSON(t *topic) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shown, err := t.snapshot(r.Context(), r.URL.Query())
		if err != nil {
			failWith(w, err)
			return
		}
		answer(w, http.StatusOK, shown)
	})
}

func renderJSON(_ *topic, _ *http.Request, shown any) ([]byte, error) { return json.Marshal(shown) }

// filter tells whether every word of the query is in one of the texts, in any case.
type filter []string

func newFilter(query url.Values) filter { return strings.Fields(strings.ToLower(query.Get("q"))) }

func (f filter) matches(texts ...string) bool {
	if len(f) == 0 {
		return true
	}
	all := strings.ToLower(strings.Join(texts, "\n"))
	for _, word := range f {
		if !strings.Contains(all, word) {
			return false
		}
	}
	return true
}

// textOf is the text of an error, whose method may panic.
func textOf(err error) string {
	if err == nil {
		return ""
	}
	return shorten(printable.Lines(fmt.Sprint(err)), maxText)
}

// maxText is how long a text may be that is shown, in bytes.
const maxText = 4 << 10

func shorten(text string, limit int) string {
	if len(text) <= limit {
		return strings.ToValidUTF8(text, "\uFFFD")
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return strings.ToValidUTF8(text[:limit], "\uFFFD") + " …"
}

// closed tells whether c is.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
