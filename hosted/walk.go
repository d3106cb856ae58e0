package hosted

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
)

// walk runs the phases one after the other, each over all members. A phase
// that starts services is over at the first error, or once ctx has ended; any
// other visits everybody. The errors are in the order in which the members
// were called.
func (r *Runner) walk(ctx context.Context, phases ...phase) []error {
	var (
		errs []error
		over overtimer
	)
	for _, p := range phases {
		members := r.order(p)
		for len(members) > 0 {
			if p.starts() && ctx.Err() != nil {
				return append(errs, startEnded(ctx))
			}
			batch := r.batch(p, members, over.isOver(ctx))
			members = members[len(batch):]
			errs = append(errs, r.visit(ctx, p, batch)...)
			if p.starts() && len(errs) > 0 {
				return errs
			}
		}
	}
	return errs
}

// order lists who takes part in phase p, in the order of the calls.
//
// When services run side by side, the hooks appended before the last service
// come first and the others last, each in its own order: the constructors of
// the services appended them, so the services need them.
func (r *Runner) order(p phase) []*member {
	if p.notifies() {
		return r.lifetime.fire(p)
	}
	r.mu.Lock()
	members := slices.Clone(r.members)
	r.mu.Unlock()
	if r.concurrent(p) {
		last := len(members) - 1
		for last >= 0 && members[last].service == nil {
			last--
		}
		slices.SortStableFunc(members[:last+1], func(a, b *member) int {
			switch {
			case (a.service == nil) == (b.service == nil):
				return 0
			case a.service == nil:
				return -1
			default:
				return 1
			}
		})
	}
	if p.stops() {
		slices.Reverse(members)
	}
	return members
}

func (r *Runner) concurrent(p phase) bool {
	if p.stops() {
		return r.options.ServicesStopConcurrently
	}
	return r.options.ServicesStartConcurrently
}

// batch cuts off those in front of members that are called side by side.
func (r *Runner) batch(p phase, members []*member, late bool) []*member {
	if late {
		return members
	}
	n := 1
	if r.concurrent(p) && members[0].service != nil {
		for n < len(members) && members[n].service != nil {
			n++
		}
	}
	return members[:n]
}

func (r *Runner) visit(ctx context.Context, p phase, batch []*member) []error {
	if len(batch) == 1 {
		if err := r.do(ctx, p, batch[0]); err != nil {
			return []error{err}
		}
		return nil
	}
	errs := make([]error, len(batch))
	var calls sync.WaitGroup
	for i, m := range batch {
		calls.Go(func() { errs[i] = r.do(ctx, p, m) })
	}
	calls.Wait()
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}

// do calls what m has in phase p and records how it went.
func (r *Runner) do(ctx context.Context, p phase, m *member) error {
	fn, limit, forgive := r.enter(p, m)
	if fn == nil {
		return nil
	}
	begin := time.Now()
	leave, err := call(ctx, limit, fn, func(err error) { r.returnedLate(ctx, p, m, err) })
	r.leave(p, m, err)
	leave()
	if p == phaseStart && err == nil {
		r.watch(m) //nolint:contextcheck // the watch outlives the start
	}

	elapsed := zap.Duration(fields.Elapsed, time.Since(begin))
	if err == nil {
		if entry := r.log.Check(zap.DebugLevel, "service phase done"); entry != nil {
			entry.Write(m.field(), zap.Stringer(fields.Phase, p), elapsed)
		}
		return nil
	}
	if p.starts() && cancelled(ctx, err) {
		r.log.Debug("service start cancelled", m.field(), elapsed, zap.Error(err))
		return context.Cause(ctx)
	}
	text := "service failed"
	var late *lateError
	switch {
	case p.notifies():
		text = "lifetime callback failed"
	case errors.As(err, &late):
		text = "service left behind"
	case forgive:
		text = "clean-up after failed start failed"
	}
	r.log.Error(text, append(stack(err), m.field(), zap.Stringer(fields.Phase, p), elapsed, zap.Error(err))...)
	if forgive && late == nil || p.notifies() {
		return nil
	}
	return m.fail(p.String(), err)
}

// cancelled tells an error that came back only because a stop was asked for
// while starting. Our own context says so, not the error (rule 9). A service
// that was left behind is to be reported even then.
func cancelled(ctx context.Context, err error) bool {
	var (
		request *stopRequestError
		late    *lateError
	)
	return errors.As(context.Cause(ctx), &request) && errors.As(err, &request) && !errors.As(err, &late)
}

// startEnded is the error of a start whose context has ended between two
// services, so that there is none to name.
func startEnded(ctx context.Context) error {
	cause := context.Cause(ctx)
	if _, asked := cause.(*stopRequestError); asked { //nolint:errorlint // rollBack looks for the bare one
		return cause
	}
	return fmt.Errorf("host: start: %w", cause)
}

// enter notes that m is about to be called in phase p. Forgive is true for the
// clean-up of a failed start: the start's own error is what counts, unless the
// clean-up does not return.
func (r *Runner) enter(p phase, m *member) (fn func(context.Context) error, limit *TimeoutError, forgive bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fn = m.method(p)
	if p == phaseStop {
		if m.stopCalled {
			return nil, nil, false // it returned late from its start, and was stopped then
		}
		m.stopCalled = fn != nil
	}
	if fn == nil {
		if p == phaseStart {
			m.reached = reachedStarted // a hook without OnStart
		}
		return nil, nil, false
	}
	limit = m.limit(p)
	switch p {
	case phaseStarting:
		m.reached = reachedStarting
	case phaseStart:
		m.reached = reachedStart
		m.starts++
		m.set(StateStarting)
	case phaseStop:
		if m.reached == reachedStart {
			return fn, limit, true
		}
		if m.state == StateRunning {
			m.set(StateStopping)
		}
	default:
	}
	return fn, limit, false
}

// leave notes how the call of m in phase p ended.
func (r *Runner) leave(p phase, m *member, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cleanUp := p == phaseStop && m.reached == reachedStart; err != nil && !cleanUp {
		m.lastError = err // a clean-up leaves that of the start
	}
	var late *lateError
	switch {
	case p.notifies():
	case errors.As(err, &late):
		if p == phaseStarting || p == phaseStart || p == phaseStop {
			m.reached = reachedLate
		}
		m.set(StateLeftBehind)
	case p == phaseStart && err != nil:
		m.set(StateFailed)
	case p == phaseStart:
		m.reached = reachedStarted
		if !m.ended {
			m.set(StateRunning)
		}
	case p == phaseStop && m.state == StateStopping:
		m.set(StateStopped)
	}
}

// returnedLate looks after a call that was left behind and has returned now: a
// service that did start after all is stopped.
func (r *Runner) returnedLate(ctx context.Context, p phase, m *member, err error) {
	r.log.Warn("service returned late", append(stack(err), m.field(), zap.Stringer(fields.Phase, p), zap.Error(err))...)
	if p != phaseStart || err != nil {
		return
	}
	r.mu.Lock()
	m.reached = reachedStarted
	m.set(StateRunning)
	r.mu.Unlock()
	ctx, cancel := r.budget(context.WithoutCancel(ctx))
	defer cancel()
	_ = r.do(ctx, phaseStop, m) // logged there; nobody is left to return it to
}

// overtimer tells when the overtime of a stop is used up.
type overtimer struct{ end time.Time }

func (o *overtimer) isOver(ctx context.Context) bool {
	if ctx.Err() == nil {
		return false
	}
	if o.end.IsZero() {
		o.end = time.Now().Add(overtime)
	}
	return !time.Now().Before(o.end)
}

// stack is the field with the stack of a panic, if err is one.
func stack(err error) []zap.Field {
	var p *PanicError
	if errors.As(err, &p) {
		return []zap.Field{zap.String(fields.Stack, string(p.Stack))}
	}
	return nil
}
