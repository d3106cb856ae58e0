package background

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/beat"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/goroutines"
	"github.com/fxhost/fxhost/internal/observe"
	"github.com/fxhost/fxhost/internal/safe"
)

// scoped makes a job for one run.
type scoped interface {
	// inScope calls attempt with a new job in a new scope.
	inScope(ctx context.Context, attempt func(ctx context.Context, job Job) error) error
}

// lastRun is what is kept of a run that has ended.
type lastRun struct {
	began time.Time
	took  time.Duration
	err   error
}

// jobRun is one run of a job.
type jobRun struct {
	lastRun

	observe.Run

	end     func(observe.RunEnd) // tells the observers, nil if there are none
	giveUp  bool                 // the ExceptionHandler has decided so
	stopped bool                 // it returned after we had asked it to
	cancel  context.CancelCauseFunc
	done    chan struct{} // closed when it has ended, made by who waits for that
}

// fire is called by the timer, on a goroutine of its own.
func (r *jobRunner) fire() {
	run, ctx := r.begin()
	if run == nil {
		return
	}
	within, cancel := ctx, func() {}
	if observers := r.jobs.observers; len(observers) > 0 {
		within, run.end = observers.BeginRun(ctx, run.Run)
	}
	if r.timeout > 0 {
		within, cancel = context.WithTimeoutCause(within, r.timeout, &hosted.TimeoutError{Name: "run", Limit: r.timeout})
	}
	defer func() {
		cancel()
		r.finish(ctx, run)
	}()
	goroutines.Adopt(ctx) // that of the timer, which ends with the run
	if w := beat.From(ctx); w != nil {
		w.Begin()
		defer w.End()
	}
	run.err = explain(within, r.scoped.inScope(within, func(within context.Context, job Job) error {
		return r.attempt(ctx, within, run, job)
	}))
}

// begin begins a run, unless it is too early: the timer may have fired while it
// was set to a later time or stopped, and the clock on the wall may have been set.
func (r *jobRunner) begin() (*jobRun, context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.due.IsZero() || r.current != nil || r.held() {
		return nil, nil
	}
	now := r.now()
	if r.trigger.byWall() && now.Before(r.after.Add(-setBack-r.initialDelay)) {
		r.anchor, r.after = now, now
		r.next(now)
		return nil, nil
	}
	if now.Before(r.due) {
		r.await(r.due)
		return nil, nil
	}
	ctx, cancel := context.WithCancelCause(r.values)
	r.current = &jobRun{
		lastRun: lastRun{began: time.Now(), err: safe.ErrExited}, cancel: cancel,
		Run: observe.Run{Job: r.name, Cause: observe.Schedule, Due: r.due, Retry: r.retried},
	}
	if len(r.jobs.observers) > 0 {
		r.current.Trigger = r.trigger.String()
	}
	switch {
	case r.asked:
		r.current.Cause = observe.RunNow
	case r.retried > 0:
		r.current.Cause = observe.Retry
	}
	r.runs++
	r.due, r.asked = time.Time{}, false
	if now.After(r.after) {
		r.after = now
	}
	return r.current, ctx
}

// safe.ErrExited stands for a run that ended its goroutine.

// attempt calls job, on a context that may end before ctx. A panic is caught here
// because nobody else can: one broken job must not take down the others.
func (r *jobRunner) attempt(ctx, within context.Context, run *jobRun, job Job) (err error) {
	err = safe.ErrExited
	defer func() { run.err = err }() // also if the goroutine is exiting
	defer func() {
		if value := recover(); value != nil {
			err = &hosted.PanicError{Value: value, Stack: debug.Stack()}
		}
		if err == nil {
			return
		}
		var decision Decision
		decision, err = ask(ctx, job, explain(within, err))
		run.giveUp = decision == GiveUp
		if decision == Skip {
			err = nil
		}
	}()
	return job.Run(within)
}

// explain puts the limit that has ended ctx in front of an error that came back
// after that.
func explain(ctx context.Context, err error) error {
	limit, ok := context.Cause(ctx).(*hosted.TimeoutError) //nolint:errorlint // the bare one was given
	switch _, panicked := err.(*hosted.PanicError); {      //nolint:errorlint // attempt returns the bare one
	case err == nil || !ok || panicked || safe.Is(err, limit):
		return err
	case err == context.DeadlineExceeded: //nolint:errorlint // only the bare one says no more than the limit
		return limit
	}
	return fmt.Errorf("%w: %w", limit, err)
}

// finish ends the run, and waits for the next one. Of a run that was stopped
// StopAsync tells, of one that was the last the host.
func (r *jobRunner) finish(ctx context.Context, run *jobRun) {
	run.took = time.Since(run.began)
	run.stopped = context.Cause(ctx) == errStopped //nolint:errorlint // the bare one was given
	run.cancel(nil)
	failed := run.err != nil && !run.stopped
	last := run.lastRun
	if run.stopped && cancelled(run.err) {
		last.err = nil // it was asked to
	}
	if run.end != nil { // before the next run may begin
		run.end(observe.RunEnd{Err: last.err, Stopped: run.stopped, Took: last.took})
	}
	kept := run.keep(last)

	r.mu.Lock()
	now := r.now()
	r.took += run.took
	if failed {
		r.failed++
	}
	r.current, r.last = nil, last
	r.remember(kept)
	if r.started {
		r.plan(now, run, failed)
	}
	r.settle()
	if run.done != nil {
		close(run.done)
	}
	over, fault, due := r.over, r.fault, r.due
	r.mu.Unlock()

	r.tell(run, failed && fault == nil, max(0, due.Sub(now)))
	if over {
		r.ended()
	}
}

// plan decides what comes after a run.
func (r *jobRunner) plan(now time.Time, run *jobRun, failed bool) {
	switch {
	case failed && run.giveUp:
		r.end(run.err)
		return
	case failed && r.retried < r.retries && !r.asked:
		r.retried++
		r.await(now.Add(r.backoff(r.retried)))
		return
	}
	r.retried = 0
	r.counted++
	switch {
	case r.limit > 0 && r.counted >= r.limit:
		r.end(nil)
	case r.asked:
		r.await(now)
	default:
		r.next(now)
		if _, continuous := r.trigger.(*continuously); continuous && failed && r.due.Before(now.Add(failurePause)) {
			r.await(now.Add(failurePause))
		}
	}
	if r.over && failed {
		r.fault = run.err
	}
}

// tell logs how a run ended.
func (r *jobRunner) tell(run *jobRun, failed bool, next time.Duration) {
	log, service, elapsed := r.jobs.log, zap.String(fields.Service, r.name), zap.Duration(fields.Elapsed, run.took)
	if !failed {
		if entry := log.Check(zap.DebugLevel, "job run done"); entry != nil {
			entry.Write(service, elapsed)
		}
		return
	}
	about := []zap.Field{service, elapsed, zap.Error(run.err)}
	if p, ok := safe.As[*hosted.PanicError](run.err); ok {
		about = append(about, zap.String(fields.Stack, string(p.Stack)))
	}
	log.Error("job run failed", append(about, zap.Duration(fields.Delay, next))...)
}
