package hosted

import "time"

// State is where a service is in its life.
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
)

func (s State) String() string {
	return [...]string{
		"registered", "starting", "running", "completed", "faulted", "failed", "stopping", "stopped", "left behind",
	}[s]
}

// MarshalText makes a State a word in JSON and in logs.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// ServiceStatus is what is known of one service at one moment.
type ServiceStatus struct {
	Name      string
	State     State
	Since     time.Time // when it entered State
	Starts    int       // how often StartAsync was called
	LastError error     // of its last failure, or what its [ErrorReporter] says; nil if there is none
	Place     string    // file:line of its registration
}

// Services is the live list of the hosted services of an application. It is
// injectable as *Services and safe for concurrent use.
type Services struct{ runner *Runner }

// List returns the status of every service, in registration order.
func (s *Services) List() []ServiceStatus {
	s.runner.mu.Lock()
	list := make([]ServiceStatus, 0, len(s.runner.services))
	services := make([]HostedService, 0, len(s.runner.services))
	for _, m := range s.runner.members {
		if m.service != nil {
			list = append(list, m.status())
			services = append(services, m.service)
		}
	}
	s.runner.mu.Unlock()
	for i, service := range services {
		list[i].ask(service)
	}
	return list
}

// Get returns the status of the service called name; false if there is none.
func (s *Services) Get(name string) (ServiceStatus, bool) {
	s.runner.mu.Lock()
	m, ok := s.runner.services[name]
	if !ok {
		s.runner.mu.Unlock()
		return ServiceStatus{}, false
	}
	status := m.status()
	s.runner.mu.Unlock()
	status.ask(m.service)
	return status, true
}

// ask asks the service itself, without a lock: it is the user's code.
func (s *ServiceStatus) ask(service HostedService) {
	if reporter, ok := service.(ErrorReporter); ok && s.LastError == nil {
		s.LastError = reporter.LastError()
	}
}

func (m *member) status() ServiceStatus {
	return ServiceStatus{
		Name: m.name, State: m.state, Since: m.since, Starts: m.starts, LastError: m.lastError, Place: m.place.String(),
	}
}

func (m *member) set(s State) {
	m.state = s
	m.since = time.Now()
}
