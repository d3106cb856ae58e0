package hosted

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/walk"
)

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
