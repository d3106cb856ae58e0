package host

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/logging"
)

// traceLevel is Trace of section Logging.
const traceLevel = zap.DebugLevel - 1

// lifetimeLimit bounds Lifetime.Stop.
const lifetimeLimit = time.Second

// Host is an application with its hosted services (.NET: IHost). [Builder]
// makes it. Its methods are safe for concurrent use.
type Host struct {
	configuration *config.Manager
	environment   *Environment
	options       *Options
	log           *zap.Logger // of the host itself, category fxhost
	appLog        *zap.Logger // of the application
	restore       func()      // undoes logging.RedirectGlobals
	lifetime      Lifetime
	runner        *hosted.Runner
	events        *buildEvents

	startBy time.Time    // when the startup timeout of Builder.Run ends, zero for no limit
	outside atomic.Value // the stop that the Lifetime has asked for, an outsideStop

	configured sync.Once // logged
	once       sync.Once
	result     error // of the whole life
}

type outsideStop struct{ cause error }

func newHost(b *Builder, options *Options, log *zap.Logger) *Host {
	h := &Host{
		configuration: b.Configuration,
		environment:   b.Environment,
		options:       options,
		log:           category.Named(log, "fxhost"),
		appLog:        log,
		lifetime:      b.lifetime,
	}
	h.events = newBuildEvents(logging.FxLogger(h.log))
	h.runner = hosted.NewRunner(h.log, options.Options)
	return h
}

// Lifetime of the application, for the program around the host.
func (h *Host) Lifetime() *hosted.ApplicationLifetime { return h.runner.Lifetime() }

// Services of the application, for the program around the host.
func (h *Host) Services() *hosted.Services { return h.runner.Services() }

// Start starts every hosted service and runs every OnStart hook, and returns
// when all are ready. When it fails, what had started was stopped again. See
// [hosted.Runner.Start] for the errors.
func (h *Host) Start(ctx context.Context) error {
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
	})
	err := h.runner.Start(ctx)
	if err != nil && h.over() {
		_ = h.Stop(ctx) // the rollback has ended; this takes the last steps
	}
	return err
}

// Stop stops every hosted service that has started and runs every OnStop hook,
// newest first, within the shutdown timeout. All calls get the same result. See
// [hosted.Runner.Stop].
func (h *Host) Stop(ctx context.Context) error {
	err := h.runner.Stop(ctx)
	if !h.over() {
		return err // ctx has ended before the stop of somebody else
	}
	h.once.Do(func() { h.result = h.finish(ctx, err) })
	return h.result
}

// Run starts the host, waits until it is to stop, and stops it
// (.NET: RunAsync). It is to stop when the [Lifetime] says so, when ctx ends,
// when a service faults, or when somebody calls StopApplication.
//
// It returns nil after a normal end, also if that was asked for during the
// start; otherwise what failed to start, the fault or the cause given to
// StopApplication, and what failed to stop. All of it was logged.
func (h *Host) Run(ctx context.Context) error {
	defer h.stopWith(ctx)()
	// The end of ctx is a request to stop like any other (RN-2).
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
	case h.runner.Cancelled():
		return h.Stop(context.WithoutCancel(ctx)) // says what went wrong in stopping again
	default:
		return err
	}
}

// WaitForShutdown waits until a started host is to stop, and stops it. The end
// of ctx is a request to stop; the stop itself is bounded by the shutdown
// timeout only (RN-2).
func (h *Host) WaitForShutdown(ctx context.Context) error {
	defer h.stopWith(ctx)()
	<-h.Lifetime().StopRequested()
	h.drain()
	return h.Stop(context.WithoutCancel(ctx))
}

// stopWith asks for a stop when ctx ends, until the returned function is
// called.
func (h *Host) stopWith(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() {
		h.Lifetime().StopApplication(hosted.StopReason(context.Cause(ctx).Error()))
	})
}

// stopFromOutside is what the Lifetime calls.
func (h *Host) stopFromOutside(cause error) {
	if cause == nil {
		cause = hosted.StopReason("stop requested by the host's lifetime")
	}
	h.outside.CompareAndSwap(nil, outsideStop{cause})
	h.Lifetime().StopApplication(cause)
}

// drain waits for the drain delay, if the first to ask for the stop was the
// outside world. Nothing else in the host waits for it to be over.
func (h *Host) drain() {
	outside, ok := h.outside.Load().(outsideStop)
	if !ok || h.options.DrainDelay == 0 || !same(outside.cause, h.Lifetime().Cause()) {
		return
	}
	h.log.Info("host draining", zap.Duration(fields.Delay, h.options.DrainDelay))
	timer := time.NewTimer(h.options.DrainDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.runner.Done(): // somebody called Stop
	}
}

// same compares causes; some cannot be compared, and then it was the outside
// world in all likelihood.
func same(a, b error) bool {
	return !reflect.ValueOf(a).Comparable() || !reflect.ValueOf(b).Comparable() || a == b //nolint:errorlint // the same value
}

// over tells whether the runner has stopped.
func (h *Host) over() bool {
	select {
	case <-h.runner.Done():
		return true
	default:
		return false
	}
}

// finish stops the lifetime of a host that ends with err.
func (h *Host) finish(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lifetimeLimit)
	defer cancel()
	if failed := h.lifetime.Stop(ctx, err); failed != nil {
		h.log.Error("lifetime failed to stop", zap.Error(failed))
		err = errors.Join(err, failed)
	}
	h.release()
	return err
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
		h.runner.TakeOver(),
		scope.Module(),
		h.provide(),
		h.watcher(),
		fx.Options(options...),
	)
}

// watcher reloads the configuration; it is the first service, so that it starts
// first and stops last.
func (h *Host) watcher() fx.Option {
	if !h.options.ReloadConfigOnChange || !h.configuration.HasFiles() {
		return fx.Options()
	}
	// fx invokes what child modules have before what their parent has.
	return fx.Module("fxhost.config",
		hosted.AddInstance(config.NewWatcher(h.configuration, category.Named(h.log, "config"))))
}

// nowhere is an fx.Printer.
type nowhere struct{}

func (nowhere) Printf(string, ...any) {}

// provide are the values of the host that can be injected.
func (h *Host) provide() fx.Option {
	return fx.Provide(
		func() (*config.Manager, *Environment, *Options, *zap.Logger) {
			return h.configuration, h.environment, h.options, h.appLog
		},
		h.configuration.Viper,
		func() *slog.Logger { return logging.Slog(h.appLog) },
	)
}
