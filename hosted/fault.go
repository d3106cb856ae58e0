package hosted

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/walk"
)

// FaultPolicy says what a fault of a service leads to: an [Awaiter] that ends
// with an error before the host has called its StopAsync. It is [StopHost],
// [Ignore] or [Restart] (.NET: BackgroundServiceExceptionBehavior).
type FaultPolicy interface {
	fmt.Stringer
	faultPolicy()
}

type faultPolicy uint8

const (
	// StopHost is the [FaultPolicy] that stops the host; Run returns the fault. It
	// is the default.
	StopHost faultPolicy = iota
	// Ignore is the [FaultPolicy] that logs and records the fault, and leaves the
	// service as it is.
	Ignore
)

func (faultPolicy) faultPolicy() {}

func (p faultPolicy) String() string {
	if p == Ignore {
		return "ignore"
	}
	return "stop host"
}

// watch waits for the end of the work of a service.
type watch struct {
	over chan struct{} // closed to end the watch
	done chan struct{} // closed when it has ended
}

func (w *watch) end() {
	close(w.over)
	<-w.done
}

// watchWork waits for the end of the work, on a goroutine. A [Binder] reports the
// end itself: with a second goroutine for each loop, an idle background service
// would cost twice as many.
func (s *registered) watchWork() {
	awaiter, ok := s.service.(Awaiter)
	if _, tells := s.base(); tells || !ok {
		return
	}
	w := &watch{over: make(chan struct{}), done: make(chan struct{})}
	s.watch = w
	go func() {
		defer close(w.done)
		ended := true
		// A panic of the Awaiter is a fault of the service like one of its work.
		walk.Call(context.Background(), guard(func(context.Context) error {
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
		}), func(err error) {
			if ended {
				s.workEnded(err)
			}
		})
	}()
}

// toldEnd is called by a [Binder] when its work has ended by itself.
func (s *registered) toldEnd() {
	if awaiter, ok := s.service.(Awaiter); ok {
		walk.Call(context.Background(), guard(func(context.Context) error { return awaiter.Err() }), s.workEnded)
	}
}

// workEnded is called when the work has ended by itself.
func (s *registered) workEnded(err error) {
	s.mu.Lock()
	if !s.ended.IsZero() {
		s.mu.Unlock()
		return
	}
	s.ended, s.fault = time.Now(), err != nil
	if err != nil {
		s.lastError = err
		s.faults++
	}
	s.mu.Unlock()
	if s.beats != nil {
		s.beats.End()
	}

	if err == nil {
		s.runner.log.Info("service completed", s.field())
		s.runner.stopWhenDone()
		return
	}
	s.handle(err)
}

// handle applies the policy of the service to a fault.
func (s *registered) handle(err error) {
	switch {
	case s.options.onFault == StopHost:
		s.giveUp(err)
	case s.supervisor == nil:
		s.logFault(err)
		s.runner.stopWhenDone()
	default:
		s.logFault(err) // before the supervisor tells what it does about that
		if limit := s.supervisor.fault(s, err); limit != nil {
			s.giveUp(limit)
		}
	}
}

// giveUp stops the host for a fault.
func (s *registered) giveUp(err error) {
	fault := s.fail(PhaseRun, err)
	s.runner.addFault(fault)
	if s.supervisor == nil {
		s.logFault(err)
	} else {
		s.runner.log.Error("service given up", s.field(), zap.Error(err))
	}
	s.runner.lifetime.StopApplication(fault)
}

func (s *registered) logFault(err error) {
	s.runner.log.Error("service faulted", withStack(err, s.field(), zap.Stringer(fields.Policy, s.options.onFault))...)
}
