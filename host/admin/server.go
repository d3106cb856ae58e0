package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
)

// server answers requests. All that it knows of the host is in its topics.
type server struct {
	options *Options
	keys    *keys
	sources sources
	log     *zap.Logger
	page    *page
	topics  []*topic
	actions *actions
	mux     *http.ServeMux
	cross   *http.CrossOriginProtection
	streams atomic.Int32
	refused atomic.Int64 // when a refusal was last logged, in seconds
}

func newServer(o *Options, k *keys, from sources) *server {
	s := &server{
		options: o, keys: k, sources: from, log: from.Log, page: newPage(), actions: &actions{log: from.Log},
		mux: http.NewServeMux(), cross: http.NewCrossOriginProtection(),
	}
	s.topics = s.allTopics()
	s.mux.Handle("GET /{$}", http.RedirectHandler("/services", http.StatusSeeOther))
	for _, t := range s.topics {
		s.mux.Handle("GET /"+t.name, s.grant(Look, s.showPage(t)))
		s.mux.Handle("GET /"+t.name+"/events", s.grant(Look, s.stream(t, s.renderPage)))
		s.mux.Handle("GET /api/v1/"+t.name, s.grant(Look, s.showJSON(t)))
		s.mux.Handle("GET /api/v1/"+t.name+"/events", s.grant(Look, s.stream(t, renderJSON)))
	}
	for _, a := range s.allActions() {
		s.mux.Handle("POST /api/v1/"+a.path, s.grant(a.grant, s.perform(a)))
	}
	s.mux.Handle("GET /api/v1/graph", s.grant(Look, http.HandlerFunc(s.serveGraph)))
	s.mux.Handle("GET /api/v1/graph.dot", s.grant(Look, http.HandlerFunc(s.serveDot)))
	s.mux.Handle("GET /api/v1/profiles/{name}", s.grant(Profile, http.HandlerFunc(s.serveProfile)))
	return s
}

// ServeHTTP refuses what must not be answered before it looks at what is asked for.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.protect(w)
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
	switch {
	case !s.options.allows(r.Host):
		s.refuse(w, r, http.StatusMisdirectedRequest,
			"this page is not served under the name in the Host header: use localhost or an address, or add the name to Admin:AllowedHosts")
		return
	case r.URL.Path != path.Clean(r.URL.Path) || strings.ContainsRune(r.URL.Path, 0): // the mux would answer with a redirect that repeats it
		fail(w, http.StatusNotFound, "there is nothing here")
		return
	}
	if err := s.cross.Check(r); err != nil {
		s.refuse(w, r, http.StatusForbidden, "this request comes from another page: only the page itself and tools may send it")
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxBody)
	if s.login(w, r) {
		return
	}
	who, ok := s.keys.identify(r)
	if !ok {
		s.unknown(w, r)
		return
	}
	s.mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, who)))
}

// protect sets the headers that keep a page from being misused. Neither scripts nor
// styles run but those whose hash is in it, so that markup in a text could do nothing even
// if it were not escaped.
func (s *server) protect(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Content-Security-Policy", s.page.policy)
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
}

type callerKey struct{}

func callerOf(r *http.Request) caller {
	who, _ := r.Context().Value(callerKey{}).(caller)
	return who
}

func (s *server) grant(g Grant, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !callerOf(r).may(g) {
			s.refuse(w, r, http.StatusForbidden, "this needs the grant \""+string(g)+"\", which you do not have")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// login exchanges a token for the cookie: that of the link, or that of the form. It tells
// whether that was asked for.
func (s *server) login(w http.ResponseWriter, r *http.Request) bool {
	var token string
	switch {
	case r.Method == http.MethodGet && r.URL.Path == "/" && r.URL.Query().Has("token"):
		token = r.URL.Query().Get("token")
	case r.Method == http.MethodPost && r.URL.Path == "/login":
		token = strings.TrimSpace(r.PostFormValue("token"))
	default:
		return false
	}
	if _, ok := s.keys.byToken(token); !ok {
		s.unknown(w, r)
		return true
	}
	setCookie(w, r, token)
	http.Redirect(w, r, "/services", http.StatusSeeOther)
	return true
}

// unknown answers whoever has no valid token: a person with a form, a tool with JSON.
func (s *server) unknown(w http.ResponseWriter, r *http.Request) {
	s.logRefusal(r, http.StatusUnauthorized, "no valid token")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("WWW-Authenticate", `Bearer realm="fxhost admin"`)
		fail(w, http.StatusUnauthorized, "no valid token: send it as \"Authorization: Bearer TOKEN\", "+
			"or open the link that the program has written to its terminal")
		return
	}
	tried := r.Method == http.MethodPost || r.URL.Query().Has("token")
	s.page.write(w, http.StatusUnauthorized, "login", map[string]any{"Tried": tried})
}

func (s *server) refuse(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.logRefusal(r, status, text)
	fail(w, status, text)
}

// logRefusal logs at most one refusal a second: whoever makes them must not fill the log.
func (s *server) logRefusal(r *http.Request, status int, why string) {
	now := time.Now().Unix()
	if last := s.refused.Load(); last != now && s.refused.CompareAndSwap(last, now) {
		s.log.Info("admin request refused", zap.Int(fields.Status, status), zap.String(fields.Client, from(r)), zap.String(fields.Reason, why))
	}
}

// from is the address of whoever asks, without the port.
func from(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return "unix socket"
}

// fail answers with an error.
func fail(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]string{"error": text})
}

// answer answers with JSON.
func answer(w http.ResponseWriter, status int, value any) {
	body, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error": "this cannot be shown as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n'))
}

// statusError is an error with the status of its answer.
type statusError struct {
	status int
	error
}

func (e *statusError) Unwrap() error { return e.error }

func refusal(status int, text string) error { return &statusError{status, errors.New(text)} }

// failWith answers with an error of a topic or of an action.
func failWith(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if e := (&statusError{}); errors.As(err, &e) {
		status = e.status
	}
	fail(w, status, textOf(err))
}
