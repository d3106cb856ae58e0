package hosted

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
)

const (
	// DefaultShutdownTimeout is the budget of a stop that was given no other.
	DefaultShutdownTimeout = 30 * time.Second
	// NoLimit as a ShutdownTimeout leaves a stop bounded by its context alone.
	NoLimit time.Duration = math.MaxInt64
)

// Options of a [Runner].
type Options struct {
	// StartupTimeout bounds the whole start. Zero means no limit.
	StartupTimeout time.Duration
	// ShutdownTimeout is the budget of the whole stop, and of the rollback of a
	// failed start; all services share it. Those still running when it ends are
	// named in the error and left behind. Zero means [DefaultShutdownTimeout];
	// [NoLimit] is for a program whose supervisor sets the limit.
	ShutdownTimeout time.Duration
	// ServicesStartConcurrently runs the services of each starting phase side by
	// side. Hooks of fx.Lifecycle keep their order: see the package comment.
	ServicesStartConcurrently bool
	// ServicesStopConcurrently does the same for the stopping phases.
	ServicesStopConcurrently bool
	// StopWhenDone stops the host when every [Awaiter] has ended. A host without
	// one goes on.
	StopWhenDone bool
}

// Runner walks the hosted services of one application, and the hooks of its
// fx.Lifecycle if it took that over, through their life. Most programs meet it
// only through [Module] or package host. Safe for concurrent use.
type Runner struct {
	options  Options
	log      *zap.Logger
	lifetime *ApplicationLifetime

	settled chan struct{} // closed when a start has succeeded, or was rolled back
	stopped chan struct{} // closed when a stop has ended
	result  error         // of the stop; read it after stopped

	mu        sync.Mutex
	members   []*member          // in registration order
	services  map[string]*member // the services among the members, by name
	begun     bool               // Start was called
	started   bool               // Start has succeeded
	stopping  bool               // somebody runs the stop
	cancelled bool               // the start was cut short by a request to stop, and nothing failed
	faults    []error            // of services whose policy is to stop the host
	attach    func()             // appends the hook of fx that runs this runner, if one does
}

// NewRunner returns a Runner without services. log may be nil.
func NewRunner(log *zap.Logger, options Options) *Runner {
	if log == nil {
		log = zap.NewNop()
	}
	if options.ShutdownTimeout == 0 {
		options.ShutdownTimeout = DefaultShutdownTimeout
	}
	r := &Runner{
		options:  options,
		log:      log,
		settled:  make(chan struct{}),
		stopped:  make(chan struct{}),
		services: map[string]*member{},
	}
	r.lifetime = newLifetime(r)
	return r
}

// Lifetime of the application.
func (r *Runner) Lifetime() *ApplicationLifetime { return r.lifetime }

// Services of the application.
func (r *Runner) Services() *Services { return &Services{r} }

// Done is closed when a stop, or the rollback of a failed start, has ended.
func (r *Runner) Done() <-chan struct{} { return r.stopped }

// Cancelled tells whether Start has returned an error only because a stop was
// asked for meanwhile, by StopApplication with nil or a [StopReason], or by Stop.
// What went wrong in stopping again is what Stop returns.
func (r *Runner) Cancelled() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cancelled
}

// Start starts every service, in registration order, and returns when all are
// ready. ctx bounds the start only.
//
// When it fails, whatever had started was stopped again, newest first, within
// the shutdown budget, and the error says what that led to, too. It is
// [ErrAlreadyStarted] for a second call, and wraps [ErrStopped] after a stop, or
// when nothing failed but a stop was asked for meanwhile.
func (r *Runner) Start(ctx context.Context) error {
	return r.start(ctx, time.Time{})
}

// start is Start with a time by which a rollback must have ended, if not zero.
func (r *Runner) start(ctx context.Context, rollbackBy time.Time) error {
	r.mu.Lock()
	switch {
	case r.stopping:
		r.mu.Unlock()
		return ErrStopped
	case r.begun:
		r.mu.Unlock()
		return ErrAlreadyStarted
	}
	r.begun = true
	services := zap.Int(fields.Services, len(r.services))
	r.mu.Unlock()

	begin := time.Now()
	r.log.Info("host starting", services)
	startContext, cancel := r.startContext(ctx)
	defer cancel(nil)
	errs := r.walk(startContext, phaseStarting, phaseStart, phaseStarted)
	if len(errs) == 0 && startContext.Err() != nil {
		errs = []error{startEnded(startContext)}
	}
	if len(errs) > 0 {
		return r.rollBack(ctx, rollbackBy, errs)
	}
	r.mu.Lock()
	r.started = true
	r.mu.Unlock()
	r.walk(startContext, phaseApplicationStarted)
	close(r.settled)
	r.log.Info("host started", services, zap.Duration(fields.Elapsed, time.Since(begin)))
	r.stopWhenDone()
	return nil
}

// startContext ends with ctx, with StopApplication and with the startup
// timeout, and its cause says which.
func (r *Runner) startContext(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stopTimer := func() bool { return true }
	if limit := r.options.StartupTimeout; limit > 0 {
		stopTimer = time.AfterFunc(limit, func() { cancel(&TimeoutError{Name: "startup", Limit: limit}) }).Stop
	}
	r.lifetime.startsWith(cancel)
	return ctx, func(cause error) {
		stopTimer()
		cancel(cause)
	}
}

// rollBack stops what had started, on a context that the end of the start has
// not ended (rule 5), unless a Stop that waits for the start does it anyway.
func (r *Runner) rollBack(ctx context.Context, by time.Time, errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool {
		_, asked := err.(*stopRequestError) //nolint:errorlint // the bare cause says that nothing else went wrong
		return asked
	})
	if len(errs) == 0 && failure(r.lifetime.Cause()) == nil {
		errs = append(errs, &stopRequestError{r.lifetime.Cause()})
		r.mu.Lock()
		r.cancelled = true
		r.mu.Unlock()
	} else {
		r.log.Error("host start failed", zap.Error(unlogged(append(errs, failure(r.lifetime.Cause())))))
	}
	close(r.settled)
	ctx = context.WithoutCancel(ctx)
	if !by.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, by, roundLimit("shutdown", time.Until(by)))
		defer cancel()
	}
	// Everybody else's Stop gets the same result.
	return errors.Join(errors.Join(errs...), r.stop(ctx, StopReason("start failed")))
}

// unlogged joins those of errs that are not of a service: that one's error was
// logged when it happened.
func unlogged(errs []error) error {
	return errors.Join(slices.DeleteFunc(slices.Clone(errs), func(err error) bool {
		_, logged := err.(*ServiceError) //nolint:errorlint // the walk returns the bare ones
		return logged
	})...)
}

// Stop stops every started service, in reverse registration order, and returns
// what went wrong: the cause of [ApplicationLifetime.StopApplication] if that
// is a failure, faults, and services that failed to stop or were left behind,
// in the order they happened. It is bounded by ctx and the shutdown budget, and
// a second at most on top of that.
//
// It may be called at any time, from any goroutine but that of a service or
// callback, also before, during and instead of Start; all calls get the same
// result, or ctx's error if that ends before the stop has.
func (r *Runner) Stop(ctx context.Context) error {
	return r.stop(ctx, StopReason("stop called"))
}

func (r *Runner) stop(ctx context.Context, reason StopReason) error {
	r.mu.Lock()
	first := !r.stopping
	r.stopping = true
	begun := r.begun
	r.mu.Unlock()
	r.lifetime.request(reason)
	if first {
		if begun {
			<-r.settled // soon: the start's context has ended
		}
		r.result = r.shutDown(ctx)
		close(r.stopped)
		return r.result
	}
	if r.over() {
		return r.result // also if ctx has ended
	}
	select {
	case <-r.stopped:
		return r.result
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// over tells whether the stop has ended, so that result can be read.
func (r *Runner) over() bool {
	select {
	case <-r.stopped:
		return true
	default:
		return false
	}
}

// shutDown runs the stopping half of the life.
func (r *Runner) shutDown(ctx context.Context) error {
	begin := time.Now()
	cause := r.lifetime.Cause()
	reason := zap.String(fields.Reason, cause.Error())
	if unlogged([]error{failure(cause)}) != nil {
		r.log.Error("host stopping", reason)
	} else {
		r.log.Info("host stopping", reason)
	}
	ctx, cancel := r.budget(ctx)
	defer cancel()
	stopErrs := r.walk(ctx,
		phaseStopping, phaseApplicationStopping, phaseStop, phaseStopped, phaseApplicationStopped)

	r.mu.Lock()
	errs := slices.Clone(r.faults)
	r.mu.Unlock()
	if failed := failure(cause); failed != nil && !slices.Contains(errs, failed) {
		errs = slices.Insert(errs, 0, failed)
	}
	err := errors.Join(append(errs, stopErrs...)...)
	elapsed := zap.Duration(fields.Elapsed, time.Since(begin))
	if len(stopErrs) > 0 {
		r.log.Error("host stopped", elapsed, zap.Int(fields.Failures, len(stopErrs)))
	} else {
		r.log.Info("host stopped", elapsed)
	}
	return err
}

// budget bounds ctx by the shutdown timeout.
func (r *Runner) budget(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := r.options.ShutdownTimeout
	if limit == NoLimit {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, &TimeoutError{Name: "shutdown", Limit: limit})
}
