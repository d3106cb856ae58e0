package hosted

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/internal/exit"
	"github.com/fxhost/fxhost/internal/startup"
	"github.com/fxhost/fxhost/internal/walk"
)

// Module runs the registered services inside any fx application. It takes over
// fx.Lifecycle: hooks that constructors append start and stop in one order with the
// services, so that each service starts after the hooks of what it needs. Add it to
// the options of fx.New, in any place, but not within an fx.Module, where it would
// not see the hooks of the other modules.
//
// fx itself runs one hook, which is bounded by fx's StartTimeout and StopTimeout.
// The start gets two thirds of the first, so that there is time left for a
// rollback. The stop gets the second less a quarter, at most a second, so that there
// is time left to report services that overrun.
//
// Module provides *[ApplicationLifetime] and *[Services]. It logs to the category
// fxhost of the application's *zap.Logger, or to stderr if there is none. A fault
// ends the application with exit code 1. At most one Options may be given.
func Module(options ...Options) fx.Option {
	var o Options
	switch len(options) {
	case 0:
	case 1:
		o = options[0]
	default:
		return fx.Error(fmt.Errorf("hosted: Module was given %d Options: want at most one", len(options)))
	}
	if err := o.Validate(); err != nil {
		return fx.Error(err)
	}
	if o.ShutdownTimeout == 0 {
		o.ShutdownTimeout = DefaultShutdownTimeout
	}
	return fx.Options(
		fx.Provide(func(in runnerParams) provided {
			o := o
			if in.Options != nil {
				o = *in.Options
			}
			r := newRunner(o, in.Request)
			r.around = in.Around
			return provided{Runner: r, Lifetime: r.lifetime, Services: &Services{r}, Life: r}
		}),
		// Private, so that in an fx.Module it is not found by services that are added
		// outside of that: their hooks would not be seen.
		fx.Provide(func(r *runner, checks startup.Checks) (*registrar, error) {
			return &registrar{runner: r}, checks.Err()
		}, fx.Private),
		fx.Decorate((*runner).takeOver),
		fx.Invoke(attach),
	)
}

// provided is what Module gives to the application.
type provided struct {
	fx.Out

	// Once is what fx says is provided twice when Module is.
	Once     once `name:"an application has one hosted.Module: host.Module and package host bring it along"`
	Runner   *runner
	Lifetime *ApplicationLifetime
	Services *Services
	Life     walk.Life
}

type once struct{}

type runnerParams struct {
	fx.In

	// Request is that of a host, which can be asked to stop before fx has built the
	// application.
	Request *walk.StopRequest `optional:"true"`
	// Options are those of a host, which may be read only when fx builds the
	// application.
	Options *Options `name:"fxhost" optional:"true"`
	// Around is what a host in an application that fx runs does before the start and
	// after the stop of all that has its place in the walk.
	Around *fx.Hook `name:"fxhost" optional:"true"`
}

// takeOver has r run the life of the application, by one hook of fx's own lifecycle.
func (r *runner) takeOver(fxLifecycle fx.Lifecycle, fxShutdowner fx.Shutdowner) (fx.Lifecycle, fx.Shutdowner) {
	if r.around != nil {
		fxLifecycle.Append(*r.around)
	}
	fxLifecycle.Append(fx.Hook{OnStart: r.startWithin, OnStop: r.stopWithin})
	r.stopping.Then(func(cause error) {
		// Its error says that a signal is pending: the application stops anyway.
		_ = fxShutdowner.Shutdown(fx.ExitCode(exit.Code(failure(cause))))
	})
	return lifecycle{r}, shutdowner{r.lifetime}
}

type logParams struct {
	fx.In

	Log *zap.Logger `optional:"true"`
}

// attach gives the runner its log. The constructor of the runner cannot take it,
// because that of the log may take the fx.Lifecycle, which takes the runner.
// Lifecycle and Shutdowner are parameters so that they are decorated even if nothing
// else uses them.
func attach(
	r *runner, lifetime *ApplicationLifetime, services *Services, _ fx.Lifecycle, _ fx.Shutdowner, p logParams,
) error {
	if lifetime != r.lifetime || services.runner != r {
		return errors.New("hosted: *hosted.ApplicationLifetime or *hosted.Services was replaced or decorated: " +
			"they belong to the host; have your code take an interface of its own instead")
	}
	if p.Log == nil {
		p.Log = stderrLogger()
	}
	r.log = category.Named(p.Log, "fxhost")
	return nil
}

// startWithin keeps a third of ctx's time for the rollback, because fx gives up
// when it ends, and its Run then exits.
func (r *runner) startWithin(ctx context.Context) error {
	var rollbackBy time.Time
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		rollbackBy = deadline.Add(-reserve(left / 3))
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, left-left/3, roundLimit("startup", left-left/3))
		defer cancel()
	}
	err := r.start(ctx, rollbackBy)
	if r.Cancelled() && r.over() && r.result == nil {
		// Only a stop was asked for: fx is on its way to stop the application, and to
		// call that a failure would have its Run exit with 1.
		return nil
	}
	return err
}

// stopWithin keeps a little of ctx's time for services that overrun.
func (r *runner) stopWithin(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		left -= reserve(left)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, left, roundLimit("shutdown", left))
		defer cancel()
	}
	// If the application has not requested the stop itself, a signal has.
	r.stopping.Make(StopReason("stop called"), walk.Outside)
	return r.Stop(ctx)
}

func reserve(left time.Duration) time.Duration { return min(left/4, time.Second) }

// roundLimit is for a limit that was computed from the time of day.
func roundLimit(name string, limit time.Duration) *TimeoutError {
	return &TimeoutError{Name: name, Limit: limit.Round(10 * time.Millisecond)}
}

// stderrLogger is for an application without a *zap.Logger: a fault must not
// go unseen.
func stderrLogger() *zap.Logger {
	config := zap.NewProductionEncoderConfig()
	config.EncodeTime = zapcore.RFC3339TimeEncoder
	config.EncodeDuration = zapcore.StringDurationEncoder
	return zap.New(zapcore.NewCore(zapcore.NewConsoleEncoder(config), zapcore.Lock(os.Stderr), zap.InfoLevel))
}
