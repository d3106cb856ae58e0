package hosted

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/goroutines"
	"github.com/fxhost/fxhost/internal/safe"
	"github.com/fxhost/fxhost/internal/walk"
)

// participant is what a service and a hook have in common in the walk.
type participant struct {
	runner *runner
	kind   string // fields.Service or fields.Hook
	name   string
}

func (p *participant) field() zap.Field { return zap.String(p.kind, p.name) }

// guarded turns a panic of step into an error, as guard does, and marks the goroutine
// that calls it, and those that it starts, with the name. nil stays nil.
func guarded(name string, step func(context.Context) error) func(context.Context) error {
	if step = guard(step); step == nil {
		return nil
	}
	return func(ctx context.Context) (err error) {
		goroutines.Do(ctx, name, func(ctx context.Context) { err = step(ctx) })
		return err
	}
}

// fail wraps what the participant returned in phase.
func (p *participant) fail(phase string, err error) *ServiceError {
	return &ServiceError{Service: p.name, Hook: p.kind == fields.Hook, Phase: phase, Err: err}
}

// Report implements walk.Participant.
func (p *participant) Report(row *walk.Row, o walk.Outcome) error {
	log, table := p.runner.log, &p.runner.table
	phase, elapsed := zap.String(fields.Phase, row.Name), zap.Duration(fields.Elapsed, o.Elapsed)
	err := explain(o)
	switch {
	case err == nil:
		if entry := log.Check(zap.DebugLevel, "service phase done"); entry != nil {
			entry.Write(p.field(), phase, elapsed)
		}
		return nil
	case row == table.draining && answers(o):
		return nil // the end of its context is the end of the drain
	case row.FailFast && answers(o) && isStopRequest(o.Cause):
		log.Debug("service start cancelled", p.field(), phase, elapsed, zap.Error(err))
		return nil
	}
	text := "service failed"
	switch {
	case o.Late:
		text = "service left behind"
	case row == table.cleanup:
		text = "cleanup after failed start failed"
	}
	log.Error(text, withStack(err, p.field(), phase, elapsed)...)
	if row == table.cleanup && !o.Late {
		return nil // the error of the start is what counts
	}
	return p.fail(row.Name, err)
}

// Waiting implements walk.Participant.
func (p *participant) Waiting(row *walk.Row, elapsed time.Duration) {
	p.runner.log.Warn("waiting for service",
		p.field(), zap.String(fields.Phase, row.Name), zap.Duration(fields.Elapsed, elapsed))
}

// Returned implements walk.Participant.
func (p *participant) Returned(row *walk.Row, err error) {
	p.runner.log.Warn("service returned late",
		withStack(err, p.field(), zap.String(fields.Phase, row.Name))...)
}

// lateError wraps the cause that ended the context of a call that did not
// return.
type lateError struct{ cause error }

func (e *lateError) Error() string { return fmt.Sprintf("%v, left behind", e.cause) }
func (e *lateError) Unwrap() error { return e.cause }

// answers tells an error that came back because the context has ended. Our own
// context says so, not the error; a panic is a mistake all the same.
func answers(o walk.Outcome) bool {
	_, panicked := o.Err.(*PanicError) //nolint:errorlint // guard returns the bare one
	return o.Cause != nil && !o.Late && !panicked
}

// explain puts the cause of the end of the context in front of an error that
// came back after it, so that the text names the limit.
func explain(o walk.Outcome) error {
	switch {
	case o.Late:
		return &lateError{o.Cause}
	case o.Err == nil || !answers(o):
		return o.Err
	case o.Err == context.Canceled || o.Err == context.DeadlineExceeded: //nolint:errorlint // only the bare error says no more than the cause
		return o.Cause
	case safe.Is(o.Err, o.Cause):
		return o.Err // has the cause in it, and perhaps more
	}
	return fmt.Errorf("%w: %w", o.Cause, o.Err)
}

// withStack adds err to the fields of a record, and behind it the stack if it is
// a panic.
func withStack(err error, about ...zap.Field) []zap.Field {
	about = append(about, zap.Error(err))
	if p, ok := safe.As[*PanicError](err); ok {
		about = append(about, zap.String(fields.Stack, string(p.Stack)))
	}
	return about
}
