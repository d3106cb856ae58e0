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
