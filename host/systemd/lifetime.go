package systemd

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/live"
)

// lifetime is the [host.Lifetime] of a service of systemd. It takes signals as the
// console does, and tells systemd what the host does.
type lifetime struct {
	console       host.ConsoleLifetime
	settings      settings
	configuration *config.Manager
	notifier      *Notifier
	sockets       *Sockets
	watchdog      time.Duration // how often systemd wants to hear that the host is live, zero for never

	hangups chan os.Signal
	known   chan struct{} // closed when app is there
	ready   chan struct{} // closed when READY=1 was sent
	over    chan struct{} // closed to end the goroutines
	work    sync.WaitGroup

	app application // read it after known, or with mu held

	mu          sync.Mutex // held while a message is sent, so that none overtakes another
	phase       phase
	outside     bool // the request to stop came by a signal
	drainEnds   time.Time
	told        string         // the last status
	seen        []hosted.State // what the last look has found
	notLive     bool
	notReloaded bool
	unnotified  bool // the last message could not be sent
	unlogged    []func(log *zap.Logger)
}

// application is what fx has built.
type application struct {
	lifetime  *hosted.ApplicationLifetime
	services  *hosted.Services
	options   *host.Options
	log       *zap.Logger
	configLog *zap.Logger
}

func newLifetime(s settings, configuration *config.Manager, notifier *Notifier, sockets *Sockets) *lifetime {
	return &lifetime{
		settings: s, configuration: configuration, notifier: notifier, sockets: sockets,
		hangups: make(chan os.Signal, 1), // several that come at once are one
		known:   make(chan struct{}),
		ready:   make(chan struct{}),
		over:    make(chan struct{}),
	}
}

// WaitForStart takes what systemd has left in the environment, begins to listen to
// signals, and returns at once.
func (l *lifetime) WaitForStart(ctx context.Context, stop func(cause error)) error {
	l.notifier.address = take(notifySocket)
	l.takeWatchdog()
	if err := l.sockets.take(); err != nil {
		l.logLater(func(log *zap.Logger) { log.Warn("sockets of systemd not taken", zap.Error(err)) })
	}
	err := l.console.WaitForStart(ctx, func(cause error) {
		l.mu.Lock()
		l.outside = true
		l.mu.Unlock()
		stop(cause) // first: it does not wait for systemd
		l.stopBegins()
	})
	if err != nil {
		return err
	}
	signal.Notify(l.hangups, syscall.SIGHUP)
	l.look()
	l.work.Go(l.watch)
	l.work.Go(l.reloadAtHangups)
	if l.watchdog > 0 {
		l.work.Go(l.feedWatchdog)
	}
	return nil
}

// follow is given the application when fx has built it.
func (l *lifetime) follow(
	app *hosted.ApplicationLifetime, services *hosted.Services, options *host.Options, log *zap.Logger, checks live.Checks,
) {
	l.mu.Lock()
	for _, check := range checks.All {
		l.settings.live = append(l.settings.live, check)
	}
	l.app = application{
		app, services, options,
		category.Named(log, "fxhost.systemd"), category.Named(log, "fxhost.config"),
	}
	for _, record := range l.unlogged {
		record(l.app.log)
	}
	l.unlogged = nil
	l.mu.Unlock()
	app.OnStarted(l.hasStarted)
	close(l.known)
}

// logLater logs when there is a log.
func (l *lifetime) logLater(record func(log *zap.Logger)) {
	if l.app.log == nil {
		l.unlogged = append(l.unlogged, record)
		return
	}
	record(l.app.log)
}

// hasStarted tells that the service is ready. It is called within the start, so that
// no service manager waits for longer than the start takes.
func (l *lifetime) hasStarted(context.Context) {
	services := l.list()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase >= draining {
		return
	}
	l.phase = running
	l.told = l.describe(services)
	l.seen = states(services)
	l.send("READY=1", status(l.told))
	close(l.ready)
	if unused := l.sockets.unused(); len(unused) > 0 {
		l.app.log.Warn("sockets of systemd not used: their connections wait forever", zap.Strings(fields.Sockets, unused))
	}
}

// stopBegins tells that a stop was requested. It asks no service for its state: what
// they do may hang.
func (l *lifetime) stopBegins() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase >= draining {
		return
	}
	messages := []string{"STOPPING=1"}
	if delay := l.drainDelay(); delay > 0 {
		l.phase = draining
		l.drainEnds = time.Now().Add(delay)
		messages = append(messages, extend(delay+l.settings.extend))
	} else {
		l.phase = stopping
	}
	l.told = l.describe(nil)
	l.send(append(messages, status(l.told))...)
}

// drainDelay is how long the host drains before the stop that begins now.
func (l *lifetime) drainDelay() time.Duration {
	if !l.outside || l.phase != running {
		return 0
	}
	return l.app.options.DrainDelay
}

// Stop tells how the host has ended, and gives the signals their usual effect back.
func (l *lifetime) Stop(ctx context.Context, err error) error {
	l.stopBegins()
	l.mu.Lock()
	l.phase = ended
	l.told = l.describe(nil)
	if err != nil {
		// The error itself is for the log: everybody may read the status of a unit.
		l.told = "failed, see the log"
	}
	l.send(status(l.told))
	l.mu.Unlock()

	signal.Stop(l.hangups)
	close(l.over)
	err = l.console.Stop(ctx, err)
	done := make(chan struct{}) // closed when all goroutines have ended
	go func() {
		l.work.Wait()
		close(done)
	}()
	select {
	case <-done:
		l.sockets.close()
		return err
	case <-ctx.Done():
		return fmt.Errorf("systemd: a function of Live, a reload of the configuration, or a LastError has not returned: %w",
			context.Cause(ctx))
	}
}

// send tells systemd something. That it cannot be told keeps nobody from working.
// mu is held, or nobody else is there yet.
func (l *lifetime) send(assignments ...string) {
	err := l.notifier.Notify(assignments...)
	if err != nil && !l.unnotified {
		l.logLater(func(log *zap.Logger) { log.Warn("systemd not notified", zap.Error(err)) })
	}
	l.unnotified = err != nil
}

// extend is the assignment that gives the host more time.
func extend(d time.Duration) string {
	return fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", d.Microseconds())
}

// states are those of the services.
func states(services []hosted.ServiceStatus) []hosted.State {
	all := make([]hosted.State, len(services))
	for i, s := range services {
		all[i] = s.State
	}
	return all
}

// list asks the services for their states, without the lock: it calls their
// LastError.
func (l *lifetime) list() (services []hosted.ServiceStatus) {
	select {
	case <-l.known:
	default:
		return nil
	}
	defer func() {
		if recover() != nil { // of a LastError: what it is for is to look
			services = nil
		}
	}()
	return l.app.services.List()
}

// describe is the status.
func (l *lifetime) describe(services []hosted.ServiceStatus) string {
	text := describe(l.phase, services, time.Until(l.drainEnds))
	if l.phase != running {
		return text
	}
	if l.notLive {
		text += "; not live, see the log"
	}
	if l.notReloaded {
		text += "; configuration not reloaded, see the log"
	}
	return text
}

// How often the services are asked for their states.
const (
	whileMoving  = 100 * time.Millisecond
	whileRunning = time.Second
)

// watch follows the life of the host.
func (l *lifetime) watch() {
	interval := whileMoving
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	known, stop := l.known, (<-chan struct{})(nil)
	for {
		select {
		case <-l.over:
			return
		case <-known:
			known, stop = nil, l.app.lifetime.StopRequested()
		case <-stop:
			stop = nil
			l.stopBegins()
		case <-ticker.C:
		}
		wanted := whileMoving
		if l.look() == running {
			wanted = whileRunning
		}
		if wanted != interval {
			interval = wanted
			ticker.Reset(interval)
		}
	}
}

// look tells what has changed since the last look.
func (l *lifetime) look() phase {
	services := l.list()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.advance(services)
	var messages []string
	now := states(services)
	if len(l.seen) != len(now) {
		l.seen = make([]hosted.State, len(now)) // all registered, as they were at first
	}
	if !slices.Equal(now, l.seen) {
		if l.phase < running || l.phase == stopping {
			messages = append(messages, extend(l.settings.extend))
		}
		l.seen = now
	}
	if text := l.describe(services); text != l.told && l.phase != ended {
		l.told = text
		messages = append(messages, status(text))
	}
	if len(messages) > 0 {
		l.send(messages...)
	}
	return l.phase
}

// advance finds out about the phases that nobody tells of.
func (l *lifetime) advance(services []hosted.ServiceStatus) {
	switch l.phase {
	case constructing:
		if slices.ContainsFunc(services, func(s hosted.ServiceStatus) bool { return s.State != hosted.StateRegistered }) {
			l.phase = starting
		}
	case draining:
		select {
		case <-l.app.lifetime.Stopping():
			l.phase = stopping // a second request has cut the drain short
		default:
			if !time.Now().Before(l.drainEnds) {
				l.phase = stopping
			}
		}
	default:
	}
}
