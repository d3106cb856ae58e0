package hosted

import (
	"context"
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

func (a FaultAction) stopsHost() bool { return a != Ignore }

// watcher waits for the end of the work of a service.
type watcher struct {
	over chan struct{} // closed to end the watch
	done chan struct{} // closed when it has ended
}

// watch waits for the end of m's work, if that can end and nobody else tells.
func (r *Runner) watch(m *member) {
	awaiter, ok := m.service.(Awaiter)
	if _, tells := m.service.(Binder); tells || !ok {
		return
	}
	w := &watcher{over: make(chan struct{}), done: make(chan struct{})}
	m.watcher = w
	go func() {
		defer close(w.done)
		ended := true
		// A panic of the Awaiter is a fault of the service like one of its work.
		protect(context.Background(), func(context.Context) error {
			done := awaiter.Done()
			select {
			case <-done:
				return awaiter.Err()
			case <-w.over:
			}
			select {
			case <-done: // it was first
				return awaiter.Err()
			default:
				ended = false
				return nil
			}
		}, func(err error) {
			if ended {
				r.workEnded(m, err)
			}
		})
	}()
}

// stop ends the watch over m before it calls StopAsync: an end of the work from
// then on is what StopAsync asked for, and has to tell if it was a failure.
func (m *member) stop(ctx context.Context) error {
	if m.watcher != nil {
		close(m.watcher.over)
		<-m.watcher.done
	}
	return m.service.StopAsync(ctx)
}

// toldEnd is called by m, a Binder, when its work has ended by itself.
func (r *Runner) toldEnd(m *member) {
	if awaiter, ok := m.service.(Awaiter); ok {
		protect(context.Background(), func(context.Context) error { return awaiter.Err() },
			func(err error) { r.workEnded(m, err) })
	}
}

// workEnded is called when the work of m has ended by itself.
func (r *Runner) workEnded(m *member, err error) {
	r.mu.Lock()
	if m.ended {
		r.mu.Unlock()
		return
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
