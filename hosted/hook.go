package hosted

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/walk"
)

// hook is a hook of fx.Lifecycle in the walk.
type hook struct {
	participant

	fx fx.Hook
}

// Concurrent implements walk.Participant: all that is known about what hooks depend
// on is their order.
func (h *hook) Concurrent() bool { return false }

// Step implements walk.Participant.
func (h *hook) Step(row *walk.Row) (step func(context.Context) error, limit time.Duration) {
	switch row.Name {
	case PhaseStart:
		return guarded(h.name, h.fx.OnStart), 0
	case PhaseStop:
		return guarded(h.name, h.fx.OnStop), 0
	default:
		return nil, 0
	}
}

// lifecycle is the fx.Lifecycle of an application that has [Module].
type lifecycle struct{ runner *runner }

// Append adds a hook. A hook that is appended after the start has begun would never
// run: it stops the host with an error that names the function that appended it.
func (l lifecycle) Append(appended fx.Hook) {
	frame := caller.Here().Direct()
	name := fmt.Sprintf("%s (%s)", frame.Name(), frame.Place())
	if strings.HasPrefix(frame.Function, "go.uber.org/fx.") {
		name = "of fx.Annotate" // fx has appended it, and does not say for whom
	}
	h := &hook{participant{l.runner, fields.Hook, name}, appended}
	if l.runner.walk.Add(h, int(middle), l.runner.table.starting) != nil {
		l.runner.mu.Lock()
		l.runner.hooks++
		l.runner.mu.Unlock()
		return
	}
	err := h.fail("append", errors.New(
		"the host has started already, so that the hook would never run: append it in a constructor"))
	l.runner.log.Error("hook appended too late", h.field(), zap.Error(err))
	l.runner.lifetime.StopApplication(err)
}

// shutdowner is the fx.Shutdowner of an application that has [Module].
type shutdowner struct{ lifetime *ApplicationLifetime }

// Shutdown asks for a stop. The first call decides, also on the exit code; no
// call fails.
func (s shutdowner) Shutdown(options ...fx.ShutdownOption) error {
	code := 0
	for _, option := range options {
		// fx.ExitCode is an int of fx's own; nothing of it can be called.
		if value := reflect.ValueOf(option); value.Kind() == reflect.Int {
			code = int(value.Int())
		}
	}
	if code == 0 {
		s.lifetime.StopApplication(StopReason("fx.Shutdowner called"))
		return nil
	}
	s.lifetime.StopApplication(&shutdownError{code})
	return nil
}

// shutdownError carries the exit code given to fx.Shutdowner.
type shutdownError struct{ code int }

func (e *shutdownError) Error() string {
	return fmt.Sprintf("host: fx.Shutdowner called with exit code %d", e.code)
}

// ExitCode is what the process exits with.
func (e *shutdownError) ExitCode() int { return e.code }
