package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/goroutines"
	"github.com/fxhost/fxhost/internal/printable"
)

// servicesSnapshot is the life of the host and its services.
type servicesSnapshot struct {
	Host     hostState     `json:"host"`
	Pending  []pending     `json:"pending"` // what the host waits for
	Services []serviceSeen `json:"services"`
	Total    int           `json:"total"`            // of services, also of those that the filter hides
	Checks   []checkSeen   `json:"checks,omitempty"` // of package health
}

// hostState is how far the life of the host has come.
type hostState struct {
	State  string `json:"state"`            // starting, running, stopping or stopped
	Reason string `json:"reason,omitempty"` // why it stops
	// NotReady says why the host is not ready, in order of importance; empty if it is.
	NotReady []string `json:"notReady,omitempty"`
}

// pending is a call that has not returned.
type pending struct {
	hosted.PendingCall

	// Stacks are those of the goroutines that work for whom is waited for.
	Stacks string `json:"stacks,omitempty"`
}

// serviceSeen is one service.
type serviceSeen struct {
	Name      string    `json:"name"`
	State     string    `json:"state"`
	Since     time.Time `json:"since"`
	Starts    int       `json:"starts"`
	Restarts  int       `json:"restarts"`
	RestartAt time.Time `json:"restartAt,omitzero"`
	Error     string    `json:"error,omitempty"`
	Needs     []string  `json:"needs,omitempty"` // names of other services
	Place     string    `json:"place"`           // of its registration
}

// checkSeen is the last result of a health check.
type checkSeen struct {
	Name   string    `json:"name"`
	Status string    `json:"status"`
	At     time.Time `json:"at,omitzero"`
	Error  string    `json:"error,omitempty"`
}

func (s *server) lookAtServices(_ context.Context, query url.Values) (any, error) {
	f := newFilter(query)
	shown := servicesSnapshot{Host: s.state(), Pending: s.pending(), Services: []serviceSeen{}}
	needs := s.sources.Services.Needs()
	for _, status := range s.sources.Services.List() {
		shown.Total++
		one := serviceSeen{
			Name: status.Name, State: status.State.String(), Since: status.Since, Starts: status.Starts, Restarts: status.Restarts,
			RestartAt: status.RestartAt, Error: textOf(status.LastError), Needs: needs[status.Name], Place: status.Place,
		}
		if f.matches(one.Name, one.State, one.Error) {
			shown.Services = append(shown.Services, one)
		}
	}
	shown.Host.NotReady = s.notReady(shown)
	if h := s.sources.Health; h != nil {
		for _, c := range h.Report(health.Ready).Checks {
			if f.matches(c.Name, c.Status.String(), textOf(c.Err)) {
				shown.Checks = append(shown.Checks, checkSeen{c.Name, c.Status.String(), c.At, textOf(c.Err)})
			}
		}
	}
	return shown, nil
}

func (s *server) state() hostState {
	l := s.sources.Lifetime
	state := hostState{State: "starting"}
	switch {
	case closed(l.Stopped()):
		state.State = "stopped"
	case closed(l.StopRequested()):
		state.State = "stopping"
	case closed(l.Started()):
		state.State = "running"
	}
	if cause := l.Cause(); cause != nil {
		state.Reason = textOf(cause)
	}
	return state
}

// stacksAfter is after how long a call that has not returned is shown with its stacks.
const stacksAfter = time.Second

func (s *server) pending() []pending {
	all := []pending{}
	for _, call := range s.sources.Services.Pending() {
		p := pending{PendingCall: call}
		if time.Since(call.Since) > stacksAfter {
			p.Stacks = shorten(printable.Lines(goroutines.Stacks(call.Name)), 4*maxText)
		}
		all = append(all, p)
	}
	return all
}

// notReady says why the host is not ready: its life, what is waited for, and services
// that do not work.
func (s *server) notReady(shown servicesSnapshot) []string {
	var reasons []string
	if shown.Host.State != "running" {
		reasons = append(reasons, "the host is "+shown.Host.State)
	}
	for _, p := range shown.Pending {
		if p.LeftBehind {
			reasons = append(reasons, fmt.Sprintf("%s %s was left behind in %s", p.Kind, p.Name, p.Phase))
		} else {
			reasons = append(reasons, fmt.Sprintf("%s of %s %s has not returned", p.Phase, p.Kind, p.Name))
		}
	}
	for _, status := range s.sources.Services.List() {
		switch status.State {
		case hosted.StateFaulted, hosted.StateFailed, hosted.StateStalled, hosted.StateLeftBehind:
			reasons = append(reasons, fmt.Sprintf("service %s is %v", status.Name, status.State))
		default:
		}
	}
	if h := s.sources.Health; h != nil && shown.Host.State == "running" {
		if err := h.Ready(); err != nil && len(reasons) == 0 {
			reasons = append(reasons, textOf(err))
		}
	}
	return reasons
}

// serveGraph writes the services with what they need as a diagram of Mermaid, which
// GitHub and others draw.
func (s *server) serveGraph(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(s.graph()))
}

func (s *server) graph() string {
	list := s.sources.Services.List()
	number := func(name string) int {
		return slices.IndexFunc(list, func(status hosted.ServiceStatus) bool { return status.Name == name })
	}
	var b strings.Builder
	b.WriteString("graph TD\n")
	for i, status := range list {
		fmt.Fprintf(&b, "  s%d[\"%s\"]\n", i, strings.ReplaceAll(printable.Text(status.Name), `"`, "#quot;"))
	}
	needs := s.sources.Services.Needs()
	for i, status := range list {
		for _, needed := range needs[status.Name] {
			fmt.Fprintf(&b, "  s%d --> s%d\n", i, number(needed))
		}
	}
	return b.String()
}

// serveDot writes the graph of all constructors, as fx has it, for Graphviz.
func (s *server) serveDot(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/vnd.graphviz; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="constructors.dot"`)
	_, _ = w.Write([]byte(s.sources.Graph))
}
