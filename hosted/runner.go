package hosted

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/walk"
)

// runner runs the life of one application: it walks the rows of the table, logs
// what happens, and makes the contexts that bound it. It is the walk.Life of package
// host. Safe for concurrent use.
type runner struct {
	options  Options
	log      *zap.Logger
	table    table
	walk     *walk.Walk
	stopping *walk.StopRequest
	lifetime *ApplicationLifetime
	around   *fx.Hook // nil for none

	ordered  sync.Once
	orderErr error

	settled chan struct{} // closed when a start has succeeded, or is about to be rolled back
	stopped chan struct{} // closed when a stop has ended
	result  error         // of the stop; read it after stopped

	mu        sync.Mutex
	services  []*registered // in registration order
	byName    map[string]*registered
	hooks     int
	begun     bool    // start was called
	started   bool    // start has succeeded
	ending    bool    // somebody runs the stop
	cancelled bool    // the start was cut short by a request to stop, and nothing failed
	faults    []error // of services whose policy is to stop the host

	restarting     context.Context //nolint:containedctx // of all restarts, which begin at any time
	stopRestarting context.CancelCauseFunc
	supervision    sync.WaitGroup // of the goroutines that restart
}

func newRunner(options Options, request *walk.StopRequest) *runner {
	if request == nil {
		request = walk.NewStopRequest()
	}
	r := &runner{
		options:  options,
		log:      zap.NewNop(), // until the application has one
		table:    newTable(options),
		stopping: request,
		settled:  make(chan struct{}),
		stopped:  make(chan struct{}),
		byName:   map[string]*registered{},
	}
	r.walk = &walk.Walk{
		Timeout: func(name string, limit time.Duration) error { return &TimeoutError{Name: name, Limit: limit} },
		Budget:  r.budget,
	}
	r.lifetime = &ApplicationLifetime{r}
	r.restarting, r.stopRestarting = context.WithCancelCause(context.Background())
	r.stopping.Then(func(cause error) {
		r.mu.Lock() // so that no supervision begins that the stop does not see
		defer r.mu.Unlock()
		r.stopRestarting(&stopRequestError{cause})
	})
	if options.DrainDelay > 0 {
		r.walk.Add(&callback{r, "drain delay", r.table.draining, untilEnd}, int(middle), r.table.starting)
	}
	return r
}

// untilEnd makes the drain as long as its context.
func untilEnd(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Check implements walk.Life: it puts the services in their order.
func (r *runner) Check() error {
	r.ordered.Do(func() { r.orderErr = r.order() })
	return r.orderErr
}

// add registers a service.
func (r *runner) add(s *registered) error {
	if binder, ok := s.service.(Binder); ok {
		if err := binder.Bind(s.service, s.toldEnd); err != nil {
			return fmt.Errorf("hosted: service %q (%v): %w", s.name, s.place, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.byName[s.name]; other != nil {
		return fmt.Errorf("hosted: service %q is registered twice, at %v and at %v: "+
			"remove one, or give it another name with hosted.Name", s.name, other.place, s.place)
	}
	if s.member = r.walk.Add(s, int(s.options.rank), r.table.starting); s.member == nil {
		return fmt.Errorf("hosted: service %q (%v) was registered after the host had started", s.name, s.place)
	}
	r.services = append(r.services, s)
	r.byName[s.name] = s
	return nil
}

func (r *runner) list() []*registered {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.services)
}

func (r *runner) addFault(fault error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fault)
}

// Work implements walk.Life.
func (r *runner) Work() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.services) + r.hooks
}

// Done implements walk.Life.
func (r *runner) Done() <-chan struct{} { return r.stopped }

// Cancelled implements walk.Life. What went wrong in stopping again is what Stop
// returns.
func (r *runner) Cancelled() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cancelled
}

// Start implements walk.Life: it starts every service and hook. ctx bounds the
// start only.
//
// When it fails, whatever had started was stopped again, newest first, within
// the shutdown budget, and the error says what that led to, too. It is
// [ErrAlreadyStarted] for a second call, and wraps [ErrStopped] after a stop, or
// when nothing failed but a stop was asked for meanwhile.
func (r *runner) Start(ctx context.Context) error { return r.start(ctx, time.Time{}) }

// start is Start with a time by which a rollback must have ended, if not zero.
func (r *runner) start(ctx context.Context, rollbackBy time.Time) error {
	if err := r.Check(); err != nil {
		return err
	}
	r.mu.Lock()
	switch {
	case r.ending:
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
	starting, cancel := r.startContext(ctx)
	defer cancel(errStartOver)
	errs := r.walk.Run(starting, nil, r.table.starting, r.table.start, r.table.started)
	if len(errs) > 0 || starting.Err() != nil {
		return r.rollBack(ctx, rollbackBy, errs, context.Cause(starting))
	}
	r.mu.Lock()
	r.started = true
	r.mu.Unlock()
	r.walk.Run(starting, nil, r.table.applicationStarted)
	close(r.settled)
	r.log.Info("host started", services, zap.Duration(fields.Elapsed, time.Since(begin)))
	r.stopWhenDone()
	return nil
}

// startContext returns a context that ends with ctx, with a request to stop or with
// the startup timeout; its cause says which.
func (r *runner) startContext(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	stopTimer := func() bool { return true }
	if limit := r.options.StartupTimeout; limit > 0 {
		stopTimer = time.AfterFunc(limit, func() { cancel(&TimeoutError{Name: "startup", Limit: limit}) }).Stop
	}
	r.stopping.Then(func(cause error) { cancel(&stopRequestError{cause}) })
	return ctx, func(cause error) {
		stopTimer()
		cancel(cause)
	}
}

// rollBack stops what had started, on a context that outlives that of the start,
// unless a Stop that waits for the start does so. errs is empty if nothing failed but
// the context of the start has ended.
func (r *runner) rollBack(ctx context.Context, by time.Time, errs []error, ended error) error {
	if len(errs) == 0 && !isStopRequest(ended) {
		errs = append(errs, fmt.Errorf("host: start: %w", ended))
	}
	cause := r.lifetime.Cause()
	if len(errs) == 0 && failure(cause) == nil {
		errs = append(errs, &stopRequestError{cause})
		r.mu.Lock()
		r.cancelled = true
		r.mu.Unlock()
	} else {
		r.log.Error("host start failed", zap.Error(unlogged(append(errs, failure(cause)))))
	}
	r.stopping.Make(StopReason("start failed"), walk.Inside)
	close(r.settled)
	ctx = context.WithoutCancel(ctx)
	if !by.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, by, roundLimit("shutdown", time.Until(by)))
		defer cancel()
	}
	// Everybody else's Stop gets the same result.
	return errors.Join(errors.Join(errs...), r.Stop(ctx))
}

// unlogged joins the errors that are not those of a service, which were logged when
// they happened.
func unlogged(errs []error) error {
	return errors.Join(slices.DeleteFunc(slices.Clone(errs), func(err error) bool {
		_, logged := err.(*ServiceError) //nolint:errorlint // the walk returns the bare ones
		return logged
	})...)
}

// Stop implements walk.Life: it stops every started service and hook, in reverse
// order, and returns what went wrong: the cause of the request to stop if that is
// a failure, faults, and services that failed to stop or were left behind, in the
// order they happened. It is bounded by ctx and the shutdown budget, and a second
// at most on top of that. A drain comes before.
//
// All calls get the same result, or ctx's error if that ends before the stop
// has.
func (r *runner) Stop(ctx context.Context) error {
	r.mu.Lock()
	first := !r.ending
	r.ending = true
	begun := r.begun
	r.mu.Unlock()
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
func (r *runner) over() bool {
	select {
	case <-r.stopped:
		return true
	default:
		return false
	}
}

// shutDown runs the stopping half of the life.
func (r *runner) shutDown(ctx context.Context) error {
	cause := r.lifetime.Cause()
	unfinished := r.unfinished(cause)
	stopErrs := r.drain(ctx)
	begin := time.Now()
	reason := zap.String(fields.Reason, fmt.Sprint(cause))
	if unlogged([]error{failure(cause)}) != nil {
		r.log.Error("host stopping", reason)
	} else {
		r.log.Info("host stopping", reason)
	}
	ctx, cancel := r.budget(ctx)
	defer cancel()
	stopErrs = append(stopErrs, r.endRestarts(ctx)...)
	t := &r.table
	stopErrs = append(stopErrs,
		r.walk.Run(ctx, nil, t.stopping, t.applicationStopping, t.cleanup, t.stop, t.stopped, t.applicationStopped)...)

	r.mu.Lock()
	errs := slices.Clone(r.faults)
	r.mu.Unlock()
	if failed := failure(cause); failed != nil && !slices.Contains(errs, failed) {
		errs = slices.Insert(errs, 0, failed)
	}
	if unfinished != nil {
		errs = append(errs, unfinished)
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

// endRestarts waits for restarts that are going on, for a quarter of the shutdown
// timeout at most, so that one that hangs leaves the others their time.
func (r *runner) endRestarts(ctx context.Context) []error {
	r.mu.Lock() // so that no supervision begins after this
	r.stopRestarting(&stopRequestError{r.lifetime.Cause()})
	r.mu.Unlock()
	if limit := r.options.ShutdownTimeout; limit != NoLimit {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit/4)
		defer cancel()
	}
	outcome := walk.Try(ctx, func(context.Context) error { r.supervision.Wait(); return nil }, func(error) {})
	if !outcome.Late {
		return nil
	}
	var errs []error
	for _, s := range r.list() {
		if stage, _, _ := s.member.Stage(); s.supervisor != nil && stage&(walk.Starting|walk.Stopping) != 0 {
			errs = append(errs, s.fail(PhaseRun, errors.New("its restart has not returned, left behind")))
		}
	}
	return errs
}

// unfinished is the error of a host with [Options].StopWhenDone that is stopped by
// somebody else before that.
func (r *runner) unfinished(cause error) error {
	if !r.options.StopWhenDone || r.stopping.Origin() == walk.Inside {
		return nil
	}
	e := &unfinishedError{cause: cause}
	for _, s := range r.list() {
		if s.canEnd() && !s.hasEnded() {
			e.services = append(e.services, s.name)
		}
	}
	if len(e.services) == 0 {
		return nil
	}
	r.log.Error("work cut short", zap.Strings(fields.Services, e.services), zap.String(fields.Reason, fmt.Sprint(cause)))
	return e
}

// drain gives the outside world time to notice a stop that it has requested.
func (r *runner) drain(ctx context.Context) []error {
	r.mu.Lock()
	started := r.started
	r.mu.Unlock()
	if r.stopping.Origin() != walk.Outside || !started || r.options.DrainDelay == 0 {
		return nil
	}
	r.log.Info("host draining", zap.Duration(fields.Delay, r.options.DrainDelay))
	ctx, cancel := context.WithTimeout(ctx, r.options.DrainDelay)
	defer cancel()
	r.stopping.WhenHurried(cancel)
	return r.walk.Run(ctx, nil, r.table.draining)
}

// budget bounds ctx by the shutdown timeout.
func (r *runner) budget(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := r.options.ShutdownTimeout
	if limit == NoLimit {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, &TimeoutError{Name: "shutdown", Limit: limit})
}

// stopWhenDone stops a host that has nothing left to wait for, if it was asked
// to ([Options].StopWhenDone).
func (r *runner) stopWhenDone() {
	if !r.options.StopWhenDone {
		return
	}
	r.mu.Lock()
	done := r.started
	r.mu.Unlock()
	awaiters := 0
	for _, s := range r.list() {
		if s.canEnd() {
			awaiters++
			done = done && s.hasEnded()
		}
	}
	if done && awaiters > 0 {
		r.lifetime.StopApplication(StopReason("all services are done"))
	}
}
