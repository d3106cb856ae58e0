package hosted

import (
	"context"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/fields"
)

// member is one participant of the walk: a hosted service, a hook of
// fx.Lifecycle, or a callback of ApplicationLifetime. Its fields below the
// blank line are guarded by the runner's lock.
type member struct {
	name     string       // of the service; function and line for a hook, line for a callback
	place    caller.Stack // where it was registered
	service  HostedService
	hook     fx.Hook
	callback func(context.Context) error
	options  serviceOptions
	watcher  *watcher // set by the start, if the service needs one

	reached    reached
	stopCalled bool // StopAsync was called
	ended      bool // the work of an Awaiter has ended
	state      State
	since      time.Time
	starts     int
	lastError  error
}

// reached says how far the start of a member went, and so what a stop owes it.
type reached uint8

const (
	reachedNothing  reached = iota
	reachedStarting         // StartingAsync was called
	reachedStart            // StartAsync was called and failed
	reachedStarted          // StartAsync succeeded
	reachedLate             // a method did not return; the member was left behind
)

// limit is the member's own time limit in phase p, 0 for none.
func (m *member) limit(p phase) *TimeoutError {
	switch {
	case p == phaseStart && m.options.startTimeout > 0:
		return &TimeoutError{Name: "start", Limit: m.options.startTimeout}
	case p == phaseStop && m.reached == reachedStart:
		return &TimeoutError{Name: "clean-up", Limit: cleanupLimit}
	case p == phaseStop && m.options.stopTimeout > 0:
		return &TimeoutError{Name: "stop", Limit: m.options.stopTimeout}
	default:
		return nil
	}
}

// field names the member in log records.
func (m *member) field() zap.Field {
	switch {
	case m.service != nil:
		return zap.String(fields.Service, m.name)
	case m.callback != nil:
		return zap.String(fields.Callback, m.name)
	default:
		return zap.String(fields.Hook, m.name)
	}
}

// fail wraps what the member returned in phase p.
func (m *member) fail(phase string, err error) *ServiceError {
	return &ServiceError{Service: m.name, Hook: m.service == nil, Phase: phase, Err: err}
}
