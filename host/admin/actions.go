package admin

import (
	"context"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/printable"
)

// action is something that changes something.
type action struct {
	path  string // below /api/v1/
	grant Grant
	// do does it with the values of a form, and fills in what it did, also if it fails.
	do func(ctx context.Context, d *deed, form url.Values) error
}

func (s *server) allActions() []*action {
	return slices.Concat(s.jobActions(), s.deadLetterActions(), s.levelActions())
}

// deed is an action that somebody has taken, for the log and the page.
type deed struct {
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	From   string    `json:"from"`   // address
	Action string    `json:"action"` // such as "jobs/pause"
	Target string    `json:"target"` // such as the name of a job
	Old    string    `json:"old,omitempty"`
	New    string    `json:"new,omitempty"`
	Error  string    `json:"error,omitempty"` // why it has failed
}

// actions keeps the last deeds. Safe for concurrent use.
type actions struct {
	log *zap.Logger

	mu   sync.Mutex
	last []deed
}

// keptActions is how many deeds are kept.
const keptActions = 100

// note logs a deed, and keeps it. All texts may come from outside.
func (a *actions) note(d deed) {
	for _, text := range []*string{&d.Target, &d.Old, &d.New} {
		*text = shorten(printable.Text(*text), 500)
	}
	about := []zap.Field{
		zap.String(fields.By, d.Who), zap.String(fields.Client, d.From), zap.String(fields.Action, d.Action),
		zap.String(fields.Target, d.Target), zap.String(fields.Old, d.Old), zap.String(fields.New, d.New),
	}
	if d.Error == "" {
		a.log.Info("admin action", about...)
	} else {
		a.log.Warn("admin action failed", append(about, zap.String(fields.Error, d.Error))...)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.last) == keptActions {
		a.last = slices.Delete(a.last, 0, 1)
	}
	a.last = append(a.last, d)
}

// perform takes an action. A form of the page that works without its script comes back
// to the page.
func (s *server) perform(a *action) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			fail(w, http.StatusBadRequest, "this is no form: "+textOf(err))
			return
		}
		d := &deed{At: time.Now(), Who: callerOf(r).name, From: from(r), Action: a.path}
		// It is not cut off because the browser has gone.
		ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(r.Context()), actLimit, &hosted.TimeoutError{Name: "admin", Limit: actLimit})
		defer cancel()
		_ = http.NewResponseController(w).SetWriteDeadline(d.At.Add(actLimit + writeTimeout))
		err := d.take(ctx, a, r.PostForm)
		if err != nil {
			d.New, d.Error = "", textOf(err)
		}
		s.actions.note(*d)
		topic, _, _ := strings.Cut(a.path, "/")
		switch {
		case err != nil:
			failWith(w, err)
		case strings.Contains(r.Header.Get("Accept"), "text/html"):
			http.Redirect(w, r, "/"+topic, http.StatusSeeOther)
		default:
			answer(w, http.StatusOK, d)
		}
	})
}

// actLimit bounds one action.
const actLimit = time.Minute

func (d *deed) take(ctx context.Context, a *action, form url.Values) (err error) {
	defer func() {
		if value := recover(); value != nil { // code of the user's, such as that of an engine
			err = &hosted.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return a.do(ctx, d, form)
}

// actionsSnapshot are the last deeds.
type actionsSnapshot struct {
	Actions []deed `json:"actions"` // the latest first
	Total   int    `json:"total"`
}

func (s *server) lookAtActions(_ context.Context, query url.Values) (any, error) {
	f := newFilter(query)
	s.actions.mu.Lock()
	defer s.actions.mu.Unlock()
	shown := actionsSnapshot{Actions: []deed{}, Total: len(s.actions.last)}
	for _, d := range slices.Backward(s.actions.last) {
		if f.matches(d.Who, d.From, d.Action, d.Target, d.Old, d.New, d.Error) {
			shown.Actions = append(shown.Actions, d)
		}
	}
	return shown, nil
}
