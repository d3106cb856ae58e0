package hosted

import (
	"fmt"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
)

// FaultPolicy says what a fault of a service leads to: an [Awaiter] that ends
// with an error before the host has called its StopAsync.
type FaultPolicy interface {
	fmt.Stringer
	// stopsHost tells whether the host stops with the fault as its cause.
	stopsHost() bool
}

// FaultAction is a [FaultPolicy] that needs no settings
// (.NET: BackgroundServiceExceptionBehavior).
type FaultAction uint8

const (
	// StopHost stops the host, and Run returns the fault. It is the default.
	StopHost FaultAction = iota
	// Ignore logs and records the fault; the service stays as it is.
	Ignore
)

func (a FaultAction) String() string {
	if a == Ignore {
		return "ignore"
	}
	return "stop host"
}

func (a FaultAction) stopsHost() bool { return a == StopHost }

// watch waits for the end of m's work, if that can end and nobody else tells.
// The caller holds the lock.
func (r *Runner) watch(m *member) {
	awaiter, ok := m.service.(Awaiter)
	if !ok {
		return
	}
	if _, tells := m.service.(Binder); tells {
		return
	}
	done := awaiter.Done()
	r.watchers.Go(func() {
		select {
		case <-done:
			r.workEnded(m)
		case <-r.unwatch:
		}
	})
}

// workEnded is called when the work of m, an Awaiter, has ended.
func (r *Runner) workEnded(m *member) {
	err := m.service.(Awaiter).Err() //nolint:forcetypeassert // only Awaiters come here
	r.mu.Lock()
	if m.ended || m.stopping {
		r.mu.Unlock()
		return // StopAsync asked for it, and returns what there is to say
	}
	m.ended = true
	if err == nil {
		m.set(StateCompleted)
		r.mu.Unlock()
		r.log.Debug("service completed", m.field())
		r.stopWhenDone()
		return
	}
	m.set(StateFaulted)
	m.lastError = err
	fault := m.fail("run", err)
	stops := m.options.policy().stopsHost()
	if stops {
		r.faults = append(r.faults, fault)
	}
	r.mu.Unlock()

	r.log.Error("service faulted", append(stack(err), m.field(),
		zap.Stringer(fields.Policy, m.options.policy()), zap.Error(err))...)
	if stops {
		r.lifetime.StopApplication(fault)
		return
	}
	r.stopWhenDone()
}

// stopWhenDone stops a host that has nothing left to wait for, if it was asked
// to ([StopWhenDone]).
func (r *Runner) stopWhenDone() {
	if !r.options.StopWhenDone {
		return
	}
	r.mu.Lock()
	done := r.started
	awaiters := 0
	for _, m := range r.members {
		if _, ok := m.service.(Awaiter); ok {
			awaiters++
			done = done && m.ended
		}
	}
	r.mu.Unlock()
	if done && awaiters > 0 {
		r.lifetime.StopApplication(StopReason("all services are done"))
	}
}
