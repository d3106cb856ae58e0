package config

import "time"

// Status is what became of the reloads of a [Manager].
type Status struct {
	Reloads    int       // that succeeded, whether they changed a value or not
	Failures   int       // that changed nothing, because a file or a value was wrong
	LastReload time.Time // end of the last one, successful or not; zero if there was none
	LastError  error     // of the last one, nil if it succeeded
}

// Status tells what became of the reloads so far.
func (m *Manager) Status() Status {
	if s := m.status.Load(); s != nil {
		return *s
	}
	return Status{}
}

func (m *Manager) note(err error) {
	s := m.Status()
	if err == nil {
		s.Reloads++
	} else {
		s.Failures++
	}
	s.LastReload, s.LastError = time.Now(), err
	m.status.Store(&s)
}
