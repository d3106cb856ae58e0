package admin

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/config"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS string
	//go:embed page.js
	pageJS string
)

// page renders what people see: one document, with its style and script within it.
type page struct {
	templates *template.Template
	policy    string // Content-Security-Policy
}

func newPage() *page {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return &page{
		templates: template.Must(template.New("page").Funcs(template.FuncMap{
			"tone":     tone,
			"base":     path.Base,
			"known":    known,
			"unread":   unread,
			"count":    func(shown, total int) map[string]int { return map[string]int{"Shown": shown, "Total": total} },
			"reversed": func(runs []runSeen) []runSeen { runs = slices.Clone(runs); slices.Reverse(runs); return runs },
		}).Parse(pageHTML)),
		policy: "default-src 'none'; script-src " + hash(pageJS) + "; style-src " + hash(pageCSS) +
			"; img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	}
}

// navigation is a link to a topic.
type navigation struct {
	Name, Title string
	Key         int // that leads there
	Current     bool
}

// document is what the layout shows.
type document struct {
	Title, Heading, Topic    string
	Application, Environment string
	Who, Grants, Query       string
	Keep                     map[string]string // what the address has beside the filter
	Nav                      []navigation
	Main                     template.HTML
	Shown                    any
	Style                    template.CSS
	Script                   template.JS
}

// write writes a whole document.
func (p *page) write(w http.ResponseWriter, status int, name string, shown any) {
	d, ok := shown.(document)
	if !ok {
		d = document{Title: "Admin", Shown: shown}
	}
	d.Style, d.Script = template.CSS(pageCSS), template.JS(pageJS) //nolint:gosec // they are ours
	var text bytes.Buffer
	if err := p.templates.ExecuteTemplate(&text, name, d); err != nil {
		fail(w, http.StatusInternalServerError, "this cannot be shown: "+textOf(err))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes())
}

// fragment renders what is shown of a topic.
func (s *server) fragment(name string, who caller, shown any) ([]byte, error) {
	may := map[string]bool{}
	for _, g := range who.grants {
		may[string(g)] = true
	}
	var text bytes.Buffer
	err := s.page.templates.ExecuteTemplate(&text, name, map[string]any{"Shown": shown, "May": may, "Host": s.state().State})
	return text.Bytes(), err
}

func (s *server) renderPage(t *topic, r *http.Request, shown any) ([]byte, error) {
	text, err := s.fragment(t.name, callerOf(r), shown)
	if err != nil {
		return nil, err
	}
	return json.Marshal(string(text))
}

func (s *server) showPage(t *topic) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, query, name := callerOf(r), r.URL.Query(), t.name
		status := http.StatusOK
		shown, err := t.snapshot(r.Context(), query)
		if err != nil {
			shown, name, status = textOf(err), "failure", http.StatusInternalServerError
		}
		main, err := s.fragment(name, who, shown)
		if err != nil {
			failWith(w, err)
			return
		}
		d := document{
			Heading: t.title, Topic: t.name, Application: "Program", Who: who.name, Query: query.Get("q"), Keep: map[string]string{},
			Main: template.HTML(main), //nolint:gosec // the template has escaped it
		}
		if e := s.sources.Environment; e != nil {
			d.Application, d.Environment = e.ApplicationName, e.Name
		}
		d.Title = d.Heading + " · " + d.Application
		if len(who.grants) == len(allGrants()) {
			d.Grants = "do everything"
		} else {
			d.Grants = strings.Trim(fmt.Sprint(who.grants), "[]")
		}
		if queue := query.Get("queue"); queue != "" {
			d.Keep["queue"] = queue
		}
		for _, other := range s.topics {
			if other.parent == "" {
				current := other == t || other.name == t.parent
				d.Nav = append(d.Nav, navigation{other.name, other.title, len(d.Nav) + 1, current})
			}
		}
		s.page.write(w, status, "layout", d)
	})
}

// tone is how a state, a result or a level looks.
func tone(state string) string {
	switch state {
	case "running", "succeeded", "healthy":
		return "good"
	case "starting", "stopping", "Debug", "Trace":
		return "busy"
	case "paused", "waiting to restart", "stalled", "degraded", "Warning":
		return "warn"
	case "faulted", "failed", "left behind", "unhealthy", "disconnected", "Error", "Critical":
		return "bad"
	default:
		return "idle"
	}
}

// unread are the settings that nothing reads, such as most of the environment.
func unread(settings []config.Setting) []config.Setting {
	return slices.DeleteFunc(slices.Clone(settings), func(s config.Setting) bool { return !s.Unread })
}

// known is a number that an engine may not know.
func known(n int64) string {
	if n == queue.Unknown {
		return "?"
	}
	return fmt.Sprint(n)
}

// duration is d as a person reads it.
func duration(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	default:
		return d.String()
	}
}
