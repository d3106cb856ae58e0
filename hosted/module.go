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
	"github.com/fxhost/fxhost/internal/startup"
)

// Module runs every registered service inside any fx application. One hook of
// fx.Lifecycle does it, behind those of the constructors of all services, so
// that it starts after what the services need and stops before it. (Each service
// that is added after Module appends another one, and the last one counts: put
// Module last.)
//
// fx's own StartTimeout and StopTimeout bound that hook. To have something left
// for a rollback and for the error to be reported, the services get two thirds
// of what is left of the first, and what is left of the second less a quarter
// of it, at most a second. When a hook behind it fails because fx's StartTimeout
// has ended, fx calls no stop hook at all; [Runner.Attach] does not have that.
//
// It provides *[ApplicationLifetime] and *[Services]. Its log goes to the
// category fxhost of the application's *zap.Logger, or to stderr if there is
// none. A fault ends the application with exit code 1.
func Module(options ...ModuleOption) fx.Option {
	var o Options
	for _, option := range options {
		option.applyModule(&o)
	}
	if err := errors.Join(notNegative("StartupTimeout", o.StartupTimeout), notNegative("ShutdownTimeout", o.ShutdownTimeout)); err != nil {
		return fx.Error(err)
	}
	return fx.Options(
		fx.Provide(
			func() *Runner { return NewRunner(nil, o) },
			(*Runner).Lifetime,
			(*Runner).Services,
			startup.NewPassed,
		),
		fx.Invoke(attach),
	)
}

func notNegative(option string, limit time.Duration) error {
	if limit < 0 {
		return fmt.Errorf("hosted.%s: %v: must not be less than zero", option, limit)
	}
	return nil
}

// ModuleOption is an option of [Module]. The doc comments are at [Options].
type ModuleOption interface{ applyModule(*Options) }

type moduleOptionFunc func(*Options)

func (f moduleOptionFunc) applyModule(o *Options) { f(o) }

// StartupTimeout sets [Options].StartupTimeout.
func StartupTimeout(limit time.Duration) ModuleOption {
	return moduleOptionFunc(func(o *Options) { o.StartupTimeout = limit })
}

// ShutdownTimeout sets [Options].ShutdownTimeout.
func ShutdownTimeout(limit time.Duration) ModuleOption {
	return moduleOptionFunc(func(o *Options) { o.ShutdownTimeout = limit })
}

// ServicesStartConcurrently sets [Options].ServicesStartConcurrently.
func ServicesStartConcurrently() ModuleOption {
	return moduleOptionFunc(func(o *Options) { o.ServicesStartConcurrently = true })
}

// ServicesStopConcurrently sets [Options].ServicesStopConcurrently.
func ServicesStopConcurrently() ModuleOption {
	return moduleOptionFunc(func(o *Options) { o.ServicesStopConcurrently = true })
}

// StopWhenDone sets [Options].StopWhenDone.
func StopWhenDone() ModuleOption {
	return moduleOptionFunc(func(o *Options) { o.StopWhenDone = true })
}

type attachParams struct {
	fx.In

	Runner     *Runner
	Lifecycle  fx.Lifecycle
	Shutdowner fx.Shutdowner
	Log        *zap.Logger `optional:"true"`
}

// attach runs the runner by a hook of somebody else's fx application.
func attach(p attachParams) {
	r := p.Runner
	if p.Log == nil {
		p.Log = stderrLogger()
	}
	r.log = category.Named(p.Log, "fxhost")
	hook := 0 // the last one runs; those before it were appended before the last service
	r.attach = func() {
		hook++
		mine := hook
		p.Lifecycle.Append(fx.Hook{
			OnStart: func(ctx context.Context) error {
				if mine != hook {
					return nil
				}
				return r.startWithin(ctx)
			},
			OnStop: func(ctx context.Context) error {
				if mine != hook {
					return nil
				}
				return r.stopWithin(ctx)
			},
		})
	}
	r.attach()
	r.lifetime.onRequest(p.Shutdowner)
}

// startWithin keeps a third of ctx's time for the rollback, because fx gives up
// when it ends, and its Run then exits (pitfalls F1 and F2).
func (r *Runner) startWithin(ctx context.Context) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		return r.asked(r.Start(ctx))
	}
	left := time.Until(deadline)
	start, cancel := context.WithTimeoutCause(ctx, left-left/3, roundLimit("startup", left-left/3))
	defer cancel()
	return r.asked(r.start(start, deadline.Add(-reserve(left/3))))
}

// asked is err, or nil if that says only that a stop was asked for while
// starting: fx is then on its way to stop the application, and to call that a
// failure would have its Run exit with 1.
func (r *Runner) asked(err error) error {
	if r.Cancelled() && r.over() && r.result == nil {
		return nil
	}
	return err
}

// stopWithin keeps a little of ctx's time for the late and the report.
func (r *Runner) stopWithin(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		left -= reserve(left)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, left, roundLimit("shutdown", left))
		defer cancel()
	}
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
