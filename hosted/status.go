package hosted

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/fxhost/fxhost/internal/fields"
)

// State is the state of a service.
type State uint8

// The states of a service.
const (
	StateRegistered State = iota // not started yet
	StateStarting                // StartAsync was called
	StateRunning                 // StartAsync succeeded
	StateCompleted               // its work ended by itself, without an error
	StateFaulted                 // its work ended by itself, with an error
	StateFailed                  // StartAsync failed
	StateStopping                // StopAsync was called
	StateStopped                 // StopAsync returned
	StateLeftBehind              // a method did not return in time
	StateWaiting                 // it had a fault and waits to be restarted
	StateStalled                 // it runs, but its last background.Beat was too long ago
)

func (s State) String() string {
	return [...]string{
		"registered", "starting", "running", "completed", "faulted", "failed", "stopping", "stopped", "left behind",
		"waiting to restart", "stalled",
	}[s]
}

// MarshalText returns the text of String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ServiceStatus describes one service at one moment.
type ServiceStatus struct {
	Name      string    `json:"name"`
	State     State     `json:"state"`
	Since     time.Time `json:"since"`              // when it entered State
	Starts    int       `json:"starts"`             // how often StartAsync was called
	Restarts  int       `json:"restarts"`           // how often it was restarted after a fault
	RestartAt time.Time `json:"restartAt,omitzero"` // until when it waits to be restarted, zero if it does not
	LastError error     `json:"lastError"`          // of its last failure, or what its [ErrorReporter] says; nil if there is none
	Place     string    `json:"place"`              // file:line of its registration
	Faults    int       `json:"-"`                  // how often its work has ended with an error
	Start     Took      `json:"-"`                  // its last StartAsync that has returned, or was left behind
	Stop      Took      `json:"-"`                  // the same of StopAsync
}

// Took is how long a call took. It is zero if there was none.
type Took struct {
	At      time.Time // when it began
	Elapsed time.Duration
}

// MarshalJSON writes the text of LastError, or null.
func (s ServiceStatus) MarshalJSON() ([]byte, error) {
	type plain ServiceStatus
	var text *string
	if s.LastError != nil {
		t := fmt.Sprint(s.LastError)
		text = &t
	}
	return json.Marshal(struct {
		plain
		LastError *string `json:"lastError"` // instead of the other
	}{plain(s), text})
}

// Services is the live list of the hosted services of an application. It is
// injectable as *Services and safe for concurrent use.
type Services struct{ runner *runner }

// List returns the status of every service, in the order in which they start. That is
// known when the application is built; services that start concurrently are in
// registration order.
func (s *Services) List() []ServiceStatus {
	services := s.runner.inStartOrder()
	list := make([]ServiceStatus, len(services))
	for i, service := range services {
		list[i] = service.status()
		list[i].ask(service.service)
	}
	return list
}

// Get returns the status of the service called name; false if there is none.
func (s *Services) Get(name string) (ServiceStatus, bool) {
	for _, service := range s.runner.list() {
		if service.name == name {
			status := service.status()
			status.ask(service.service)
			return status, true
		}
	}
	return ServiceStatus{}, false
}

// Needs returns which services each service needs, by name: those that its constructor
// takes, and those that it comes [After]. What it takes through something else, or as
// an interface, is not known. A service that needs none is not in it.
func (s *Services) Needs() map[string][]string {
	services := s.runner.inStartOrder()
	of := map[reflect.Type][]*registered{}
	for _, service := range services {
		of[service.declared] = append(of[service.declared], service)
		if is := reflect.TypeOf(service.service); is != service.declared {
			of[is] = append(of[is], service)
		}
	}
	needs := map[string][]string{}
	for _, service := range services {
		for _, t := range slices.Concat(service.takes, service.options.after) {
			for _, other := range of[t] {
				if other != service && !slices.Contains(needs[service.name], other.name) {
					needs[service.name] = append(needs[service.name], other.name)
				}
			}
		}
	}
	return needs
}

// ask asks the service itself, without a lock: it is the user's code.
func (s *ServiceStatus) ask(service HostedService) {
	if reporter, ok := service.(ErrorReporter); ok && s.LastError == nil {
		s.LastError = reporter.LastError()
	}
}

// PendingCall is a call of the host that has not returned: what the start or the stop
// waits for, or what was left behind.
type PendingCall struct {
	Kind       string    `json:"kind"`  // "service", "hook" or "callback"
	Name       string    `json:"name"`  // of the service, function that appended the fx hook, or place that registered the callback
	Phase      string    `json:"phase"` // such as PhaseStop
	Since      time.Time `json:"since"`
	LeftBehind bool      `json:"leftBehind"` // the host does not wait for it any more
}

// Pending returns the calls that have not returned, the oldest first. It is empty while
// all services run.
func (s *Services) Pending() []PendingCall {
	var pending []PendingCall
	for _, call := range s.runner.walk.Pending() {
		p := PendingCall{Phase: call.Row.Name, Since: call.Since, LeftBehind: call.Late}
		switch participant := call.Participant.(type) {
		case *registered:
			p.Kind, p.Name = participant.kind, participant.name
		case *hook:
			p.Kind, p.Name = participant.kind, participant.name
		case *callback:
			p.Kind, p.Name = fields.Callback, participant.place
		}
		pending = append(pending, p)
	}
	return pending
}
