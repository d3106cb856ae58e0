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
	LastError error     // of its last failure, nil if there was none
	Place     string    // file:line of its registration
}

// Services is the live list of the hosted services of an application. It is
// injectable as *Services and safe for concurrent use.
type Services struct{ runner *Runner }

// List returns the status of every service, in registration order.
func (s *Services) List() []ServiceStatus {
	s.runner.mu.Lock()
	defer s.runner.mu.Unlock()
	list := make([]ServiceStatus, 0, len(s.runner.services))
	for _, m := range s.runner.members {
		if m.service != nil {
			list = append(list, m.status())
		}
	}
	return list
}

// Get returns the status of the service called name; false if there is none.
func (s *Services) Get(name string) (ServiceStatus, bool) {
	s.runner.mu.Lock()
	defer s.runner.mu.Unlock()
	m, ok := s.runner.services[name]
	if !ok {
		return ServiceStatus{}, false
	}
	return m.status(), true
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
