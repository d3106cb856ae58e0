package hosted

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/beat"
	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/walk"
)

// registered is a hosted service in the walk.
type registered struct {
	participant

	service    HostedService
	declared   reflect.Type // what it was registered as
	place      caller.Stack // where it was registered
	options    serviceOptions
	takes      []reflect.Type // by its constructor, as far as that is known
	supervisor *supervisor    // nil if it is not restarted
	member     *walk.Member
	watch      *watch      // of its work, if the host has to watch it
	beats      *beat.Watch // nil without a StallTimeout

	mu        sync.Mutex
	starts    int
	restarts  int
	restartAt time.Time // until when it waits to be restarted, zero if it does not
	lastError error
	ended     time.Time // when its work has ended by itself, zero if it has not
	fault     bool      // with an error
	faults    int
	calls     struct{ start, stop Took }
}

// Concurrent implements walk.Participant.
func (s *registered) Concurrent() bool { return true }

// Step implements walk.Participant.
func (s *registered) Step(row *walk.Row) (step func(context.Context) error, limit time.Duration) {
	switch row.Name {
	case PhaseStarting:
		if service, ok := s.service.(StartingService); ok {
			step = service.StartingAsync
		}
	case PhaseStart:
		step, limit = s.start, s.options.startTimeout
	case PhaseStarted:
		if service, ok := s.service.(StartedService); ok {
			step = service.StartedAsync
		}
	case PhaseDraining:
		if service, ok := s.service.(DrainingService); ok {
			step = service.DrainingAsync
		}
	case PhaseStopping:
		if service, ok := s.service.(StoppingService); ok {
			step = service.StoppingAsync
		}
	case PhaseStop:
		step, limit = s.stop, s.options.stopTimeout
	case PhaseStopped:
		if service, ok := s.service.(StoppedService); ok {
			step = service.StoppedAsync
		}
	}
	return guarded(s.name, step), limit
}

func (s *registered) start(ctx context.Context) error {
	s.mu.Lock()
	s.starts++
	s.ended, s.fault, s.restartAt = time.Time{}, false, time.Time{}
	s.mu.Unlock()
	if err := s.startWatched(ctx); err != nil {
		return err
	}
	if base, ok := s.base(); ok && base.Done() == nil {
		return fmt.Errorf("%T has a StartAsync of its own that does not call the one of the type it embeds, "+
			"so that its work has not begun: end it with \"return s.BackgroundService.StartAsync(ctx)\"", s.service)
	}
	s.watchWork() //nolint:contextcheck // the watch outlives the start
	return nil
}

// base is the service if its StartAsync and StopAsync are those of a type that it
// embeds, unless it has its own.
func (s *registered) base() (Awaiter, bool) {
	_, embeds := s.service.(Binder)
	awaiter, ok := s.service.(Awaiter)
	return awaiter, ok && embeds
}

// stop ends the watch before it calls StopAsync: an end of the work from then on
// is what StopAsync asked for, and has to tell if it was a failure.
func (s *registered) stop(ctx context.Context) error {
	if s.beats != nil {
		s.beats.End()
	}
	if s.watch != nil {
		s.watch.end()
		s.watch = nil
	}
	err := s.service.StopAsync(ctx)
	if base, ok := s.base(); ok && err == nil && goesOn(base) {
		return fmt.Errorf("%T has a StopAsync of its own that does not call the one of the type it embeds, "+
			"so that its work goes on: end it with \"return s.BackgroundService.StopAsync(ctx)\"", s.service)
	}
	return err
}

func goesOn(work Awaiter) bool {
	done := work.Done()
	if done == nil {
		return false
	}
	select {
	case <-done:
		return false
	default:
		return true
	}
}

// Report implements walk.Participant.
func (s *registered) Report(row *walk.Row, o walk.Outcome) error {
	s.took(row, o)
	if err := explain(o); err != nil && row != s.runner.table.cleanup { // a cleanup leaves the error of the start
		s.mu.Lock()
		s.lastError = err
		s.mu.Unlock()
	}
	return s.participant.Report(row, o)
}

func (s *registered) took(row *walk.Row, o walk.Outcome) {
	took := Took{time.Now().Add(-o.Elapsed), o.Elapsed}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch row.Name {
	case PhaseStart:
		s.calls.start = took
	case PhaseStop:
		s.calls.stop = took
	}
}

// canEnd tells whether the service has work that ends otherwise than by a fault.
func (s *registered) canEnd() bool {
	if _, ok := s.service.(Awaiter); !ok {
		return false
	}
	service, ok := s.service.(EndlessService)
	return !ok || !service.Endless()
}

// hasEnded tells whether the work has ended for good.
func (s *registered) hasEnded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.ended.IsZero() && (!s.fault || s.supervisor == nil)
}

// hangs tells whether a method was left behind and has not returned yet.
func (s *registered) hangs() bool {
	_, late, _ := s.member.Stage()
	return late
}

// runs tells whether its start has succeeded, and no stop has begun.
func (s *registered) runs() bool {
	stage, _, _ := s.member.Stage()
	return stage == walk.Running
}

func (s *registered) waitUntil(restart time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restartAt = restart
}

func (s *registered) restarted() {
	s.mu.Lock()
	s.restarts++
	restarts := s.restarts
	s.mu.Unlock()
	s.runner.log.Info("service restarted", s.field(), zap.Int(fields.Restarts, restarts))
}

func (s *registered) status() ServiceStatus {
	stage, late, since := s.member.Stage()
	s.mu.Lock()
	defer s.mu.Unlock()
	status := ServiceStatus{
		Name: s.name, State: stateOf(stage), Since: since, Starts: s.starts, Restarts: s.restarts,
		RestartAt: s.restartAt, LastError: s.lastError, Place: s.place.String(),
		Faults: s.faults, Start: s.calls.start, Stop: s.calls.stop,
	}
	switch {
	case late:
		status.State = StateLeftBehind
	case !s.restartAt.IsZero() && stage&(walk.Running|walk.Failed|walk.Released) != 0:
		status.State = StateWaiting
	case status.State == StateRunning && s.ended.IsZero() && s.beats != nil && s.beats.Stalled():
		status.State = StateStalled
	case s.ended.IsZero() || status.State == StateFailed:
	case s.fault:
		status.State, status.Since = StateFaulted, s.ended
	default:
		status.State, status.Since = StateCompleted, s.ended
	}
	return status
}

func stateOf(stage walk.Stage) State {
	switch stage {
	case walk.Starting:
		return StateStarting
	case walk.Failed, walk.Released:
		return StateFailed
	case walk.Running:
		return StateRunning
	case walk.Stopping:
		return StateStopping
	case walk.Stopped:
		return StateStopped
	default:
		return StateRegistered
	}
}
