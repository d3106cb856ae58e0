package health

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/safe"
)

// watched is a check with its last result.
type watched struct {
	declaration

	check Check

	mu     sync.Mutex
	last   CheckReport
	passed bool // once
}

// watch runs the check again and again until ctx ends. It does not wait for a check
// that hangs.
func (w *watched) watch(ctx context.Context, log *zap.Logger) {
	log = log.With(zap.String(fields.Check, w.name))
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		if !w.run(ctx, log) {
			return
		}
		pause.Reset(w.options.interval)
	}
}

// run runs the check once, and notes its result, or that there is none in time. It
// returns when the check has returned; false if ctx ended before.
func (w *watched) run(ctx context.Context, log *zap.Logger) bool {
	limit := &hosted.TimeoutError{Name: "check", Limit: w.options.timeout}
	limited, cancel := context.WithTimeoutCause(ctx, w.options.timeout, limit)
	defer cancel()
	begin := time.Now()
	result := make(chan error, 1)
	go w.call(limited, result)
	select {
	case err := <-result:
		w.note(ctx, begin, w.explain(limited, err), log)
		return true
	case <-limited.Done():
	}
	// One that heeds its context returns now: its error says more.
	grace := time.NewTimer(grace)
	defer grace.Stop()
	select {
	case err := <-result:
		w.note(ctx, begin, w.explain(limited, err), log)
		return true
	case <-grace.C:
	}
	if ctx.Err() == nil {
		w.note(ctx, begin, limit, log)
		log.Warn("health check hangs: it is not run again before it returns", zap.Duration(fields.Limit, w.options.timeout))
	}
	select {
	case late := <-result: // is no result: it is too old
		log.Info("health check returned late", zap.Error(late), zap.Duration(fields.Elapsed, time.Since(begin)))
		return true
	case <-ctx.Done():
		return false
	}
}

// grace is how long a check may still take after its context has ended.
const grace = 100 * time.Millisecond

// call calls the check. It is the user's code: a panic is an error, as one of a hosted
// service is, and so is the end of the goroutine.
func (w *watched) call(ctx context.Context, result chan<- error) {
	err := safe.ErrExited
	defer func() {
		if value := recover(); value != nil {
			err = &hosted.PanicError{Value: value, Stack: debug.Stack()}
		}
		result <- err
	}()
	err = w.check.CheckHealth(ctx)
}

// explain names the limit that has ended the check's context.
func (w *watched) explain(limited context.Context, err error) error {
	switch {
	case err == nil || limited.Err() == nil:
		return err
	case err == context.DeadlineExceeded || err == context.Canceled: //nolint:errorlint // only the bare error says no more than the cause
		return context.Cause(limited)
	default:
		return fmt.Errorf("%w: %w", context.Cause(limited), err)
	}
}

// note notes a result, and logs it if it is another one than before. What a check says
// because the host stops is no result.
func (w *watched) note(ctx context.Context, begin time.Time, err error, log *zap.Logger) {
	if ctx.Err() != nil {
		return
	}
	status := statusOf(err)
	w.mu.Lock()
	before := w.last
	w.last = CheckReport{Status: status, At: time.Now(), Elapsed: time.Since(begin), Err: err}
	w.passed = w.passed || status != Unhealthy
	w.mu.Unlock()
	switch {
	case status == before.Status && !before.At.IsZero():
	case status != Healthy:
		about := []zap.Field{zap.Stringer(fields.Status, status), zap.Error(err)}
		if p, ok := safe.As[*hosted.PanicError](err); ok {
			about = append(about, zap.String(fields.Stack, string(p.Stack)))
		}
		log.Warn("health check failed", about...)
	case !before.At.IsZero():
		log.Info("health check passes again")
	}
}

func statusOf(err error) Status {
	if err == nil {
		return Healthy
	}
	if _, ok := safe.As[*degradedError](err); ok {
		return Degraded
	}
	return Unhealthy
}

// report is the last result.
func (w *watched) report() CheckReport {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.last
	r.Name, r.Tags = w.name, w.options.tags
	return r
}

// problem is why the check fails a probe that it decides, "" if it does not.
func (w *watched) problem(p Probe) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case p == Startup && w.passed:
		return ""
	case w.last.At.IsZero():
		return "check " + w.name + " has not run yet"
	case w.last.Status == Unhealthy:
		return "check " + w.name + " is unhealthy"
	default:
		return ""
	}
}
