package hosted

import (
	"encoding/json"
	"fmt"
	"time"
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

// List returns the status of every service, in registration order.
func (s *Services) List() []ServiceStatus {
	services := s.runner.list()
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

// ask asks the service itself, without a lock: it is the user's code.
func (s *ServiceStatus) ask(service HostedService) {
	if reporter, ok := service.(ErrorReporter); ok && s.LastError == nil {
		s.LastError = reporter.LastError()
	}
}
