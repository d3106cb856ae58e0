package health

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/fxhost/fxhost/internal/printable"
	"github.com/fxhost/fxhost/internal/probe"
)

// Handler answers a probe over HTTP, for a server of the program itself:
//
//	mux.Handle("/readyz", h.Handler(health.Ready))
//
// The status is 200 with the body "ok", or 503 with the reason in a few words, such as
// "not ready: stopping". With ?verbose, the body is JSON with all services and
// checks. It answers GET and HEAD, reads no body, and does not look at the path.
func (h *Health) Handler(p Probe) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Cache-Control", "no-store")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Content-Type", "text/plain; charset=utf-8")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			header.Set("Allow", "GET, HEAD")
			w.WriteHeader(http.StatusMethodNotAllowed)
			_, _ = w.Write([]byte("write GET or HEAD"))
			return
		}
		if r.URL.Query().Has("verbose") {
			h.serveReport(w, p)
			return
		}
		body := probe.OK
		if err := h.Probe(p); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			body = err.Error()
		}
		_, _ = w.Write([]byte(body))
	})
}

// shownReport is the JSON of a Report.
type shownReport struct {
	Status   Status         `json:"status"`
	Reason   string         `json:"reason,omitempty"`
	Services []shownService `json:"services"`
	Checks   []shownCheck   `json:"checks"`
}

type shownService struct {
	Name     string `json:"name"`
	State    string `json:"state"`
	Age      string `json:"age"`
	Restarts int    `json:"restarts"`
}

type shownCheck struct {
	Name    string  `json:"name"`
	Status  Status  `json:"status"`
	Tags    []Probe `json:"tags,omitempty"`
	Age     string  `json:"age,omitempty"` // not there before the first run
	Elapsed string  `json:"elapsed,omitempty"`
	Error   string  `json:"error,omitempty"`
}

func (h *Health) serveReport(w http.ResponseWriter, p Probe) {
	r := h.Report(p)
	shown := shownReport{Status: r.Status, Services: []shownService{}, Checks: []shownCheck{}}
	if r.Err != nil {
		shown.Reason = r.Err.Error()
	}
	for _, s := range r.Services {
		shown.Services = append(shown.Services, shownService{s.Name, s.State.String(), age(s.Since), s.Restarts})
	}
	for _, c := range r.Checks {
		check := shownCheck{Name: c.Name, Status: c.Status, Tags: c.Tags}
		if !c.At.IsZero() {
			check.Age, check.Elapsed = age(c.At), c.Elapsed.Round(time.Microsecond).String()
		}
		if c.Err != nil && h.options.ShowErrors {
			check.Error = textOf(c.Err)
		}
		shown.Checks = append(shown.Checks, check)
	}
	body, err := json.MarshalIndent(shown, "", "  ")
	if err != nil { // of texts and numbers
		http.Error(w, "no report", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(body, '\n'))
}

// age is how long ago something was.
func age(at time.Time) string { return time.Since(at).Round(time.Millisecond).String() }

// textOf is the text of an error of the user's, whose method may panic.
func textOf(err error) (text string) {
	defer func() {
		if recover() != nil {
			text = "an error that cannot say what it is"
		}
	}()
	return printable.Text(err.Error())
}
