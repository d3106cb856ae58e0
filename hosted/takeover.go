package hosted

import (
	"errors"
	"fmt"
	"reflect"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/startup"
)

// TakeOver makes r the life of the whole fx application: every hook that a
// constructor appends to fx.Lifecycle joins the walk of the services, in the
// order of registration, and fx.Shutdowner stops r. Whoever has the application
// calls Start and Stop of r, and neither Run, Start nor Stop of fx.App.
//
// It provides *[ApplicationLifetime] and *[Services], as [Module] does.
func (r *Runner) TakeOver() fx.Option {
	return r.takeOver(
		func(fx.Lifecycle) fx.Lifecycle { return lifecycle{r} },
		func(fx.Shutdowner) fx.Shutdowner { return shutdowner{r.lifetime} },
	)
}

// Attach is TakeOver for an application that somebody else runs by Run, or
// Start and Stop, of fx.App: one hook of fx's own lifecycle starts and stops r,
// within fx's timeouts as [Module] explains.
func (r *Runner) Attach() fx.Option {
	return fx.Options(
		r.takeOver(
			func(fxs fx.Lifecycle) fx.Lifecycle {
				fxs.Append(fx.Hook{OnStart: r.startWithin, OnStop: r.stopWithin})
				return lifecycle{r}
			},
			func(fxs fx.Shutdowner) fx.Shutdowner {
				r.lifetime.onRequest(fxs)
				return shutdowner{r.lifetime}
			},
		),
		fx.Invoke(func(fx.Lifecycle, fx.Shutdowner) {}), // so that both are decorated
	)
}

func (r *Runner) takeOver(decorators ...any) fx.Option {
	return fx.Options(
		fx.Provide(func() *Runner { return r }, r.Lifetime, r.Services, startup.NewPassed),
		fx.Decorate(decorators...),
	)
}

// lifecycle is the fx.Lifecycle of a runner that took over.
type lifecycle struct{ runner *Runner }

// Append adds a hook. fx ignores one that is appended after the start has
// begun; here it stops the host with an error that names who did it.
func (l lifecycle) Append(hook fx.Hook) {
	m := &member{hook: hook, place: caller.Here()}
	frame := m.place.Outside()
	m.name = fmt.Sprintf("%s (%s)", frame.Name(), frame.Place())
	if frame.Function == "" {
		m.name = "of fx.Annotate" // fx has appended it, and does not say for whom
	}
	l.runner.mu.Lock()
	late := l.runner.begun
	if !late {
		l.runner.members = append(l.runner.members, m)
	}
	l.runner.mu.Unlock()
	if late {
		err := m.fail("append", errors.New(
			"the host has started already, so that the hook would never run: append it in a constructor"))
		l.runner.log.Error("hook appended too late", m.field(), zap.Error(err))
		l.runner.lifetime.StopApplication(err)
	}
}

// shutdowner is the fx.Shutdowner of a runner that took over.
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
