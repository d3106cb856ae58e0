package windows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

// state of a service, as its manager sees it.
type state uint8

const (
	startPending state = iota
	running
	stopPending
)

// status is what a service manager is told.
type status struct {
	state      state
	checkpoint uint32        // of a pending state: it grows while the service makes progress
	hint       time.Duration // when it will have grown, or the state is another one
}

// control is what a service manager asks for.
type control uint8

const (
	interrogate control = iota
	stop
	shutdown
	preShutdown
)

func (c control) String() string {
	return [...]string{"interrogate", "stop", "shutdown", "preshutdown"}[c]
}

// dispatcher connects to the service manager, calls execute when that starts the
// service, and returns when the service manager knows that the service has stopped,
// with the code that execute has returned.
type dispatcher func(execute func(controls <-chan control, report func(status)) (code uint32)) error

// lifetime is the [host.Lifetime] of a Windows service. One goroutine, in execute,
// tells the service manager what the host does.
type lifetime struct {
	hint     time.Duration
	dispatch dispatcher
	stop     func(cause error)

	begun      chan struct{} // closed when the service manager has started the service
	dispatched chan error    // has the result of dispatch, once
	known      chan struct{} // closed when app is there
	started    chan struct{} // closed when all services have started
	moved      chan struct{} // a service has changed its state
	code       chan uint32   // what the service ends with
	over       chan struct{} // closed to end watch
	watched    chan struct{} // closed when watch has returned

	app      *hosted.ApplicationLifetime // read it and what follows after known
	services *hosted.Services
	options  *host.Options
}

func newLifetime(hint time.Duration, dispatch dispatcher) *lifetime {
	return &lifetime{
		hint: hint, dispatch: dispatch,
		begun:      make(chan struct{}),
		dispatched: make(chan error, 1),
		known:      make(chan struct{}),
		started:    make(chan struct{}),
		moved:      make(chan struct{}, 1),
		code:       make(chan uint32, 1),
		over:       make(chan struct{}),
		watched:    make(chan struct{}),
	}
}

// WaitForStart connects to the service manager and returns when that has started the
// service, which then is pending.
func (l *lifetime) WaitForStart(ctx context.Context, stop func(cause error)) error {
	l.stop = stop
	go func() { l.dispatched <- l.dispatch(l.execute) }()
	select {
	case <-l.begun:
		go l.watch()
		return nil
	case err := <-l.dispatched:
		if err == nil {
			err = errors.New("it does not start the service")
		}
		return fmt.Errorf("windows: connect to the service manager: %w: start the program as a service, "+
			"or leave windows.Active(true) out to run it in a console", err)
	case <-ctx.Done():
		return fmt.Errorf("windows: connect to the service manager: %w", context.Cause(ctx))
	}
}

// follow is given the application when fx has built it.
func (l *lifetime) follow(app *hosted.ApplicationLifetime, services *hosted.Services, options *host.Options) {
	l.app, l.services, l.options = app, services, options
	close(l.known)
	app.OnStarted(func(context.Context) { close(l.started) })
}

// Stop ends the service with the exit code of err, and returns when the service
// manager knows: from then on, it may end the process.
func (l *lifetime) Stop(ctx context.Context, err error) error {
	close(l.over)
	code := uint32(0)
	if err != nil {
		code = max(uint32(host.ExitCode(err)), 1) //nolint:gosec // it is 0 to 255; an error is none that has succeeded
	}
	l.code <- code
	for _, done := range []func() error{
		func() error {
			select {
			case err := <-l.dispatched:
				return err
			case <-ctx.Done():
				return fmt.Errorf("windows: the service manager does not take the end of the service: %w", context.Cause(ctx))
			}
		},
		func() error {
			select {
			case <-l.watched:
				return nil
			case <-ctx.Done():
				return fmt.Errorf("windows: the LastError of a service has not returned: %w", context.Cause(ctx))
			}
		},
	} {
		if err := done(); err != nil {
			return err
		}
	}
	return nil
}

// execute is the service.
func (l *lifetime) execute(controls <-chan control, report func(status)) uint32 {
	now := status{state: startPending, checkpoint: 1, hint: l.hint}
	report(now)
	close(l.begun)
	known, started, stopping := l.known, l.started, (<-chan struct{})(nil)
	asked := false // for the stop, by the service manager
	stopBegins := func() {
		if now.state == stopPending {
			return
		}
		hint := l.hint
		if asked && now.state == running {
			hint += l.options.DrainDelay
		}
		now = status{state: stopPending, checkpoint: 1, hint: hint}
		report(now)
	}
	for {
		select {
		case c := <-controls:
			if c == interrogate {
				report(now)
				continue
			}
			if !asked {
				asked = true
				l.stop(hosted.StopReason(c.String() + " requested by the service manager"))
			}
			stopBegins()
		case <-known:
			known, stopping = nil, l.app.StopRequested()
		case <-stopping:
			stopping = nil
			stopBegins()
		case <-started:
			started = nil
			if now.state == startPending {
				now = status{state: running}
				report(now)
			}
		case <-l.moved:
			if now.state != running {
				now.checkpoint++
				now.hint = l.hint
				report(now)
			}
		case code := <-l.code:
			return code
		}
	}
}

// interval is how often the services are asked for their states.
const interval = 100 * time.Millisecond

// watch looks for progress. It asks the services, whose LastError may hang: the
// service manager is answered without it.
func (l *lifetime) watch() {
	defer close(l.watched)
	select {
	case <-l.known:
	case <-l.over:
		return
	}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var seen []hosted.State
	for {
		now := l.states()
		if len(seen) != len(now) {
			seen = make([]hosted.State, len(now)) // all registered, as they were at first
		}
		if !slices.Equal(now, seen) {
			select {
			case l.moved <- struct{}{}:
			default: // it is not the first, and has not been told yet
			}
		}
		seen = now
		select {
		case <-ticker.C:
		case <-l.over:
			return
		}
	}
}

// states are those of the services. A panic of a LastError is none of ours: what it is
// for is to look.
func (l *lifetime) states() (states []hosted.State) {
	defer func() { _ = recover() }()
	for _, s := range l.services.List() {
		states = append(states, s.State)
	}
	return states
}
