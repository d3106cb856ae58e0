package hosted

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/walk"
)

// NoRestartLimit as the Limit of a [RestartPolicy] restarts a service forever.
const NoRestartLimit = math.MaxInt

// RestartPolicy says how a service is restarted after a fault. Zero fields have
// their defaults.
type RestartPolicy struct {
	// MinBackoff is the wait before the first restart; each further one waits twice
	// as long. Default 1s.
	MinBackoff time.Duration
	// MaxBackoff is the longest wait. Default 1m.
	MaxBackoff time.Duration
	// Jitter is the part of each wait that is random, from 0 to 1, so that services
	// that failed together do not come back together. The wait is never longer than
	// without it. Default 0.2.
	Jitter float64
	// Limit is how many restarts there may be within Window; one more stops the host
	// with the last error. Default 5; [NoRestartLimit] for none.
	Limit int
	// Window is the time that Limit counts in. Default 5m.
	Window time.Duration
	// ResetAfter is how long a service must run for the next wait to be MinBackoff
	// again. Default MaxBackoff.
	ResetAfter time.Duration
}

// withDefaults fills in what is zero and checks the rest.
func (p RestartPolicy) withDefaults() (RestartPolicy, error) {
	var errs []error
	duration := func(field string, value *time.Duration, otherwise time.Duration) {
		if *value < 0 {
			errs = append(errs, fmt.Errorf("hosted: RestartPolicy.%s: %v: must not be less than zero", field, *value))
		}
		if *value == 0 {
			*value = otherwise
		}
	}
	duration("MinBackoff", &p.MinBackoff, time.Second)
	duration("MaxBackoff", &p.MaxBackoff, max(time.Minute, p.MinBackoff))
	duration("Window", &p.Window, 5*time.Minute)
	duration("ResetAfter", &p.ResetAfter, p.MaxBackoff)
	if p.Jitter == 0 {
		p.Jitter = 0.2
	}
	if p.Limit == 0 {
		p.Limit = 5
	}
	if p.MaxBackoff < p.MinBackoff {
		errs = append(errs, fmt.Errorf("hosted: RestartPolicy.MaxBackoff: %v: is less than MinBackoff %v", p.MaxBackoff, p.MinBackoff))
	}
	if p.Jitter < 0 || p.Jitter > 1 {
		errs = append(errs, fmt.Errorf("hosted: RestartPolicy.Jitter: %v: must be from 0 to 1", p.Jitter))
	}
	if p.Limit < 0 {
		errs = append(errs, fmt.Errorf("hosted: RestartPolicy.Limit: %d: must not be less than zero; hosted.NoRestartLimit is no limit", p.Limit))
	}
	return p, errors.Join(errs...)
}

// backoff is the wait before restart n of a row of them, from 1 on.
func (p RestartPolicy) backoff(n int) time.Duration {
	wait := p.MaxBackoff
	if n < 64 && p.MinBackoff < p.MaxBackoff>>(n-1) {
		wait = p.MinBackoff << (n - 1)
	}
	return wait - time.Duration(p.Jitter*rand.Float64()*float64(wait))
}

// Restart is the [FaultPolicy] that restarts the service: after a wait, its
// StopAsync is called, so that it can release what it holds, and then its StartAsync.
// The phases around them belong to the host and are not called. A start that fails
// counts as another fault. Work that ends without an error is not restarted.
func Restart(policy RestartPolicy) FaultPolicy { return restart{policy} }

type restart struct{ RestartPolicy }

func (restart) faultPolicy()   {}
func (restart) String() string { return "restart" }

// supervisor restarts one service, or those of a [Group].
type supervisor struct {
	runner   *runner
	policy   RestartPolicy
	strategy Strategy

	mu       sync.Mutex
	members  []*registered // in registration order
	faulted  []*registered // since the last restart
	stopping []*registered // by a restart: what their work says to that is no fault of its own
	waiting  bool          // or restarting: a goroutine looks after faulted
	row      int           // restarts since the services last ran for a while
	ran      time.Time     // since when they run
	restarts []time.Time   // within the window
}

// fault has the service restarted, unless there were too many restarts: then it
// returns the error that stops the host.
func (s *supervisor) fault(service *registered, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if slices.Contains(s.stopping, service) {
		return nil // it is restarted anyway
	}
	s.restarts = slices.DeleteFunc(s.restarts, func(at time.Time) bool { return now.Sub(at) > s.policy.Window })
	if len(s.restarts) >= s.policy.Limit {
		return fmt.Errorf("gave up after %d restarts within %v: %w", len(s.restarts), s.policy.Window, err)
	}
	s.faulted = append(s.faulted, service)
	if s.waiting {
		return nil
	}
	if now.Sub(s.ran) >= s.policy.ResetAfter {
		s.row = 0
	}
	s.waiting = s.runner.supervise(s.restart)
	return nil
}

// restart waits and restarts until nobody is faulted any more, or ctx has ended.
func (s *supervisor) restart(ctx context.Context) {
	select {
	case <-s.runner.settled: // a start that goes on calls everybody itself
	case <-ctx.Done():
		return
	}
	for {
		s.mu.Lock()
		s.row++
		wait := s.policy.backoff(s.row)
		s.mu.Unlock()
		if !s.wait(ctx, wait) {
			return
		}
		s.mu.Lock()
		part := s.strategy.affected(s.members, s.faulted)
		s.faulted, s.stopping = nil, part
		s.restarts = append(s.restarts, time.Now())
		s.mu.Unlock()
		members := membersOf(part)
		s.runner.stopAgain(ctx, members)
		s.mu.Lock()
		s.stopping = nil
		s.mu.Unlock()
		var errs []error
		if ctx.Err() == nil && !slices.ContainsFunc(part, (*registered).hangs) {
			errs = s.runner.startAgain(ctx, part, members)
		}
		if ctx.Err() != nil {
			return
		}
		if hung := slices.IndexFunc(part, (*registered).hangs); hung >= 0 {
			part[hung].giveUp(errors.New("cannot be restarted: its StartAsync or StopAsync has not returned"))
			return
		}
		for _, err := range errs {
			s.startFailed(err)
		}
		s.mu.Lock()
		s.ran = time.Now()
		for _, service := range part { // a failure keeps those behind it from starting
			if !service.runs() && !slices.Contains(s.faulted, service) {
				s.faulted = append(s.faulted, service)
			}
		}
		if s.waiting = len(s.faulted) > 0 && ctx.Err() == nil; !s.waiting {
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}

// wait tells those who are waited for, and waits.
func (s *supervisor) wait(ctx context.Context, wait time.Duration) bool {
	s.mu.Lock()
	faulted := slices.Clone(s.faulted)
	s.mu.Unlock()
	until := time.Now().Add(wait)
	for _, service := range faulted {
		service.waitUntil(until)
		s.runner.log.Warn("service waits to restart", service.field(), zap.Duration(fields.Delay, wait))
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// startFailed looks after a service that failed to start again.
func (s *supervisor) startFailed(err error) {
	failed, ok := err.(*ServiceError) //nolint:errorlint // the walk returns the bare ones
	if !ok || failed.Phase != PhaseStart {
		return
	}
	for _, service := range s.members {
		if service.name != failed.Service {
			continue
		}
		if limit := s.fault(service, failed.Err); limit != nil {
			service.giveUp(limit)
		}
	}
}

// supervise finds who restarts the service, if anybody does.
func (s *registered) supervise(g *group) error {
	switch policy := s.options.onFault.(type) {
	case nil:
		s.options.onFault = StopHost
		if g != nil {
			g.supervisor.members = append(g.supervisor.members, s)
			s.supervisor = g.supervisor
			s.options.onFault = restart{g.supervisor.policy}
		}
	case restart:
		s.supervisor = &supervisor{runner: s.runner, policy: policy.RestartPolicy, members: []*registered{s}}
	}
	if g != nil && s.supervisor != g.supervisor {
		return fmt.Errorf("it is in group %q, which says what a fault leads to: remove its hosted.OnFault", g.name)
	}
	return nil
}

// supervise runs f on a goroutine that the stop of the host ends and waits for.
// It returns false if the host stops already.
func (r *runner) supervise(f func(ctx context.Context)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.restarting.Err() != nil {
		return false
	}
	r.supervision.Go(func() { f(r.restarting) })
	return true
}

func membersOf(services []*registered) []*walk.Member {
	members := make([]*walk.Member, len(services))
	for i, s := range services {
		members[i] = s.member
	}
	return members
}

// stopAgain is the stop of a restart: the walk of the host over fewer participants.
func (r *runner) stopAgain(ctx context.Context, part []*walk.Member) {
	stop, cancel := r.budget(context.WithoutCancel(ctx))
	defer cancel()
	errs := r.walk.Run(stop, part, r.table.stop) // they were logged
	if ctx.Err() != nil {
		for _, err := range errs {
			r.addFault(err) // the stop of the host did not call them
		}
	}
}

// startAgain is the start of a restart.
func (r *runner) startAgain(ctx context.Context, part []*registered, members []*walk.Member) []error {
	start, over := r.restartContext(ctx)
	errs := r.walk.Run(start, members, r.table.start)
	over()
	if len(errs) > 0 || ctx.Err() != nil {
		cleanup, cancel := r.budget(context.WithoutCancel(ctx))
		defer cancel()
		r.walk.Run(cleanup, members, r.table.cleanup)
		return errs
	}
	for _, s := range part {
		if s.runs() {
			s.restarted()
		}
	}
	return nil
}

// restartContext is that of a start, within the life of the host.
func (r *runner) restartContext(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	over := func() { cancel(errStartOver) }
	limit := r.options.StartupTimeout
	if limit == 0 {
		return ctx, over
	}
	ctx, stopTimer := context.WithTimeoutCause(ctx, limit, &TimeoutError{Name: "startup", Limit: limit})
	return ctx, func() {
		over()
		stopTimer()
	}
}
