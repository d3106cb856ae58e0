package host

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/walk"
	"github.com/fxhost/fxhost/logging"
)

// traceLevel is Trace of section Logging.
const traceLevel = zap.DebugLevel - 1

// lifetimeLimit bounds Lifetime.Stop.
const lifetimeLimit = time.Second

// Host is an application with its hosted services (.NET: IHost). A [Builder]
// builds it. Its methods are safe for concurrent use.
type Host struct {
	configuration *config.Manager
	environment   *Environment
	options       *Options
	log           *zap.Logger // of the host itself, category fxhost
	appLog        *zap.Logger // of the application
	restore       func()      // undoes logging.RedirectGlobals
	lifetime      Lifetime
	stopping      *walk.StopRequest
	events        *buildEvents
	fatal         *fatalHook
	answers       []answer // that only Run gives

	// Of the application, once fx has built it.
	life                walk.Life
	applicationLifetime *hosted.ApplicationLifetime
	services            *hosted.Services

	startBy time.Time // when the startup timeout of Builder.Run ends, zero for no limit

	configured sync.Once             // logged
	failed     atomic.Pointer[error] // why the start has failed
	once       sync.Once
	result     error // of the whole life
}

func newHost(b *Builder, options *Options, log *zap.Logger) *Host {
	h := &Host{
		configuration: b.Configuration,
		environment:   b.Environment,
		options:       options,
		log:           category.Named(log, "fxhost"),
		appLog:        log,
		lifetime:      b.lifetime,
		stopping:      walk.NewStopRequest(),
		fatal:         &b.fatal,
		answers:       b.answers,
	}
	h.events = newBuildEvents(logging.FxLogger(h.log))
	return h
}

// ApplicationLifetime of the application, for the program around the host.
func (h *Host) ApplicationLifetime() *hosted.ApplicationLifetime { return h.applicationLifetime }

// Services of the application, for the program around the host.
func (h *Host) Services() *hosted.Services { return h.services }

// Start starts every hosted service and runs every OnStart hook, and returns
// when all are ready. ctx bounds the start only.
//
// If it fails, everything that had started is stopped again, newest first, within
// the shutdown timeout, and the error includes what went wrong in that. The error
// of a second call is [hosted.ErrAlreadyStarted]. It wraps [hosted.ErrStopped] after
// a stop, or when a stop was requested during the start and nothing else failed.
func (h *Host) Start(ctx context.Context) error {
	if ctx == nil {
		return nilContext("Start", caller.Here())
	}
	h.configured.Do(func() {
		// Below debug: it has the whole environment in it, and what is secret there is
		// known by the names only.
		if trace := h.log.Check(traceLevel, "configuration"); trace != nil {
			trace.Write(zap.String(fields.Settings, h.configuration.DebugView()))
		}
		h.log.Info("host configured",
			zap.String(fields.Application, h.environment.ApplicationName),
			zap.String(fields.Environment, h.environment.Name),
			zap.String(fields.ContentRoot, h.environment.ContentRoot),
			zap.Strings(fields.Files, h.configuration.Files()))
		h.hint()
	})
	err := h.life.Start(ctx)
	if err != nil && h.over() {
		if !h.life.Cancelled() && err != hosted.ErrAlreadyStarted && err != hosted.ErrStopped { //nolint:errorlint // these alone say that it is too late to start
			h.failed.CompareAndSwap(nil, &err)
		}
		_ = h.shutDown(ctx) // the rollback has ended; this takes the last steps
	}
	return err
}

// Stop stops every hosted service that has started and runs every OnStop hook,
// newest first, and returns what went wrong: the cause of
// [hosted.ApplicationLifetime.StopApplication] if that is a failure, faults, and
// services that failed to stop or were left behind, in the order they happened.
// It takes less than a second longer than ctx and the shutdown timeout allow. It
// does not drain, and cuts short a drain that another request has begun.
//
// It may be called at any time, before, during and instead of Start, from any
// goroutine except those of services and callbacks. All calls return the same
// result, or the cause of ctx if that ends before the stop does.
func (h *Host) Stop(ctx context.Context) error {
	if ctx == nil {
		return nilContext("Stop", caller.Here())
	}
	h.stopping.MakeOrHurry(hosted.StopReason("stop called"), walk.Inside)
	return h.shutDown(ctx)
}

// shutDown ends a host whose stop was requested.
func (h *Host) shutDown(ctx context.Context) error {
	err := h.life.Stop(ctx)
	if !h.over() {
		return err // ctx has ended before the stop of somebody else
	}
	h.once.Do(func() { h.result = h.finish(ctx, err) })
	return h.result
}

// Run starts the host, waits for a request to stop, and stops it (.NET: RunAsync).
// The request comes from the [Lifetime], the end of ctx, a fault of a service, or a
// call of StopApplication.
//
// Run returns nil after a normal end, even during the start. Otherwise it returns
// what failed to start, the fault or the cause given to StopApplication, and what
// failed to stop. The host has logged all of them.
func (h *Host) Run(ctx context.Context) error {
	if ctx == nil {
		return nilContext("Run", caller.Here())
	}
	defer h.stopWith(ctx)()
	h.fatal.running.Store(h.stopping)
	// The end of ctx is a request to stop like any other.
	start := context.WithoutCancel(ctx)
	if !h.startBy.IsZero() {
		var cancel context.CancelFunc
		start, cancel = context.WithDeadlineCause(start, h.startBy,
			&hosted.TimeoutError{Name: "startup", Limit: h.options.StartupTimeout})
		defer cancel()
	}
	err := h.Start(start)
	switch {
	case err == nil:
		return h.WaitForShutdown(ctx)
	case h.life.Cancelled():
		return h.shutDown(context.WithoutCancel(ctx)) // says what went wrong in stopping again
	default:
		return err
	}
}

// WaitForShutdown waits for a request to stop, and stops the host. The end of ctx
// is such a request; the stop itself is bounded by the shutdown timeout only.
func (h *Host) WaitForShutdown(ctx context.Context) error {
	if ctx == nil {
		return nilContext("WaitForShutdown", caller.Here())
	}
	defer h.stopWith(ctx)()
	h.fatal.running.Store(h.stopping)
	<-h.stopping.Made()
	return h.shutDown(context.WithoutCancel(ctx))
}

func nilContext(method string, place caller.Stack) error {
	return fmt.Errorf("host: Host.%s at %v: the context is nil: give it context.Background()", method, place)
}

// stopWith asks for a stop when ctx ends, until the returned function is
// called.
func (h *Host) stopWith(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() {
		h.stopping.Make(hosted.StopReason(fmt.Sprint(context.Cause(ctx))), walk.Caller)
	})
}

// stopFromOutside is what the Lifetime calls.
func (h *Host) stopFromOutside(cause error) {
	if cause == nil {
		cause = hosted.StopReason("stop requested by the host's lifetime")
	}
	h.stopping.MakeOrHurry(cause, walk.Outside)
}

// over tells whether the services have stopped.
func (h *Host) over() bool {
	select {
	case <-h.life.Done():
		return true
	default:
		return false
	}
}

// ask calls a method of the Lifetime, which may be somebody else's and do anything.
// If it is left behind, late gets what it returns in the end.
func (h *Host) ask(ctx context.Context, method string, call func(context.Context) error, late func(error)) error {
	outcome := walk.Try(ctx, func(ctx context.Context) (err error) {
		defer func() {
			if value := recover(); value != nil {
				err = &hosted.PanicError{Value: value, Stack: debug.Stack()}
			}
		}()
		return call(ctx)
	}, late)
	switch {
	case outcome.Late:
		return fmt.Errorf("host: %T.%s: %w, left behind", h.lifetime, method, outcome.Cause)
	case outcome.Err != nil:
		return fmt.Errorf("host: %T.%s: %w", h.lifetime, method, outcome.Err)
	default:
		return nil
	}
}

// finish stops the lifetime of a host that ends with err.
func (h *Host) finish(ctx context.Context, err error) error {
	h.fatal.running.Store(nil)
	err = h.fatal.join(err)
	result := err
	if failed := h.failed.Load(); failed != nil {
		result = *failed // has err in it
	}
	if failed := h.stopLifetime(ctx, result); failed != nil {
		h.log.Error("lifetime failed to stop", zap.Error(failed))
		err = errors.Join(err, failed)
	}
	if failed := h.closeConfiguration(); failed != nil {
		err = errors.Join(err, failed)
	}
	h.release()
	return err
}

// stopLifetime tells the Lifetime that the host has ended with err.
func (h *Host) stopLifetime(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeoutCause(context.WithoutCancel(ctx), lifetimeLimit,
		&hosted.TimeoutError{Name: "lifetime stop", Limit: lifetimeLimit})
	defer cancel()
	return h.ask(ctx, "Stop", func(ctx context.Context) error { return h.lifetime.Stop(ctx, err) }, func(error) {})
}

// closeConfiguration closes the sources that have to be closed.
func (h *Host) closeConfiguration() error {
	err := h.configuration.Close()
	if err != nil {
		h.log.Error("configuration failed to close", zap.Error(err))
	}
	return err
}

// checkUnread refuses settings that somebody has given to this program and nothing
// in it has asked for, once it is built.
func (h *Host) checkUnread() error {
	if h.options.AllowUnreadSettings {
		return nil
	}
	given, inFiles := h.configuration.Unread()
	for _, unread := range inFiles {
		h.log.Warn("setting is not read", zap.Error(unread))
	}
	var errs []error
	for _, unread := range given {
		if hint := hintAt(h.answers, unread.Key); hint != "" {
			unread.Hint = hint
		}
		errs = append(errs, unread)
	}
	return buildFailed(errors.Join(errs...))
}

// release gives back what the logger holds.
func (h *Host) release() {
	if h.restore != nil {
		h.restore()
	}
	_ = logging.Close(h.log) // there is nowhere left to report it to
}

// graph is everything that fx builds the application from.
func (h *Host) graph(options []fx.Option) fx.Option {
	return fx.Options(
		fx.Logger(nowhere{}), // what fx says if it cannot even make its logger, it returns, too
		fx.WithLogger(h.events.logger),
		fx.Supply(&made{host: h}, h.stopping),
		hosted.Module(),
		fx.Populate(&h.life, &h.applicationLifetime, &h.services),
		scope.Module(),
		background.Module(),
		queue.Module(),
		values(),
		h.watcher(),
		fx.Options(options...),
		fx.Invoke(walk.Life.Check), // once all services are there
	)
}

func (h *Host) watches() bool { return h.options.ReloadConfigOnChange && h.configuration.HasFiles() }

// watcher reloads the configuration.
func (h *Host) watcher() fx.Option {
	if !h.watches() {
		return fx.Options()
	}
	return hosted.AddInstance(config.NewWatcher(h.configuration, category.Named(h.log, "config")), hosted.First())
}

// nowhere is an fx.Printer.
type nowhere struct{}

func (nowhere) Printf(string, ...any) {}
