package hosted

import "context"

// phase is a step in the life of all services. The life is two lists of them,
// walked by one loop (see walk).
type phase uint8

const (
	phaseStarting phase = iota
	phaseStart
	phaseStarted
	phaseApplicationStarted
	phaseStopping
	phaseApplicationStopping
	phaseStop
	phaseStopped
	phaseApplicationStopped
)

func (p phase) String() string {
	return [...]string{
		"starting", "start", "started", "application started",
		"stopping", "application stopping", "stop", "stopped", "application stopped",
	}[p]
}

// starts tells the phases that give up at the first error.
func (p phase) starts() bool { return p <= phaseStarted }

// stops tells the phases that run backwards.
func (p phase) stops() bool { return p >= phaseStopping }

// notifies tells the phases that are callbacks of ApplicationLifetime.
func (p phase) notifies() bool {
	return p == phaseApplicationStarted || p == phaseApplicationStopping || p == phaseApplicationStopped
}

// method is what m has to do in phase p, nil if nothing. The caller holds
// the runner's lock.
func (m *member) method(p phase) func(context.Context) error {
	switch p {
	case phaseStarting:
		if s, ok := m.service.(StartingService); ok {
			return s.StartingAsync
		}
	case phaseStart:
		if m.service != nil {
			return m.service.StartAsync
		}
		return m.hook.OnStart
	case phaseStarted:
		if s, ok := m.service.(StartedService); ok {
			return s.StartedAsync
		}
	case phaseStopping:
		if s, ok := m.service.(StoppingService); ok && m.reached == reachedStarted {
			return s.StoppingAsync
		}
	case phaseStop:
		if m.reached != reachedStart && m.reached != reachedStarted {
			return nil
		}
		if m.service != nil {
			return m.stop
		}
		return m.hook.OnStop
	case phaseStopped:
		if s, ok := m.service.(StoppedService); ok && m.reached != reachedNothing && m.reached != reachedLate {
			return s.StoppedAsync
		}
	case phaseApplicationStarted, phaseApplicationStopping, phaseApplicationStopped:
		return m.callback
	}
	return nil
}
