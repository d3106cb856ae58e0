package background

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/beat"
)

const (
	// lookAgain is how long a job waits at most for a time of the clock on the wall
	// before it looks at that clock again, because somebody may have set it.
	lookAgain = time.Minute
	// setBack is how far the clock may be set back without that a schedule begins
	// anew.
	setBack = time.Hour
)

// jobRunner runs a job: it is a hosted service. What waits is a timer of the
// runtime, which has one heap of them for all; the goroutine that it starts is the
// one of the run.
//
// now, await, arm, held, next, replace, release, end, rests, settle and plan are
// called with the lock held.
type jobRunner struct {
	*declaredJob

	jobs     *Jobs
	settings *followed // nil if there are none
	scoped   scoped
	ended    func() // tells the host

	mu      sync.Mutex
	trigger trigger
	values  context.Context //nolint:containedctx // of the start, without its end
	timer   *time.Timer     // calls fire, not before due
	due     time.Time       // when the next run begins, zero if none is to come
	anchor  time.Time       // when the schedule began
	after   time.Time       // everything that was due until then was taken
	started bool            // and not stopped
	over    bool            // it has ended by itself
	fault   error           // why
	done    chan struct{}   // closed when nothing goes on any more, made by who asks for it
	current *jobRun         // nil if none goes on
	last    lastRun
	retried int    // how often the last run was repeated
	counted int    // runs without those
	asked   bool   // to run now
	paused  *pause // by Jobs; nil if it is not
	off     *pause // by its settings
	history []JobRun
	runs    int
	failed  int
	took    time.Duration // all together
}

// Bind implements hosted.Binder.
func (r *jobRunner) Bind(_ hosted.HostedService, ended func()) error {
	r.ended = ended
	return nil
}

// StartAsync implements hosted.HostedService: the schedule begins. The values of
// ctx reach the runs.
func (r *jobRunner) StartAsync(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	r.mu.Lock()
	if r.started && !r.over || r.current != nil {
		r.mu.Unlock()
		return fmt.Errorf("background: job %q is running already: only the host calls StartAsync", r.name)
	}
	r.started, r.over, r.fault, r.done = true, false, nil, nil
	if r.settings != nil {
		t, off := r.settings.current()
		r.trigger = t
		setPause(&r.off, off, r.section+":Enabled")
	}
	r.values = context.WithoutCancel(ctx)
	if w := beat.From(ctx); w != nil {
		w.Take()
	}
	r.retried, r.counted, r.asked = 0, 0, false
	r.anchor = r.now().Add(r.initialDelay)
	r.after = r.anchor
	if r.trigger.atOnce() || r.runAtStart {
		r.await(r.jittered(r.anchor))
	} else {
		r.next(r.anchor)
	}
	r.settle()
	over := r.over
	r.mu.Unlock()
	if r.settings != nil {
		r.settings.begin(r.applySettings)
		r.applySettings() // they may have changed meanwhile
	}
	if over {
		r.ended()
	}
	return nil
}

// StopAsync implements hosted.HostedService: no run begins any more, and the
// context of the one that goes on ends. It returns when that has ended, or ctx's
// cause, and the error of the run only if that is not its context's.
func (r *jobRunner) StopAsync(ctx context.Context) error {
	if r.settings != nil {
		r.settings.end()
	}
	r.mu.Lock()
	r.started = false
	r.await(time.Time{})
	run := r.current
	if run == nil {
		r.settle()
		r.mu.Unlock()
		return nil
	}
	if run.done == nil {
		run.done = make(chan struct{})
	}
	r.mu.Unlock()

	run.cancel(errStopped)
	select {
	case <-run.done:
	default:
		select {
		case <-run.done:
		case <-ctx.Done():
			return fmt.Errorf("%w: Run has not returned", context.Cause(ctx))
		}
	}
	if run.stopped && !cancelled(run.err) {
		return run.err
	}
	return nil
}

// Done implements hosted.Awaiter. It is nil before StartAsync.
func (r *jobRunner) Done() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done == nil && r.values != nil {
		r.done = make(chan struct{})
		r.settle()
	}
	return r.done
}

// Err implements hosted.Awaiter.
func (r *jobRunner) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fault
}

// Endless implements hosted.EndlessService: it tells that there is always a next run.
func (r *jobRunner) Endless() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.trigger.(type) {
	case once, at:
		return false
	default:
		return r.limit == 0
	}
}

// LastError implements hosted.ErrorReporter.
func (r *jobRunner) LastError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last.err
}

// now is the time by which the trigger goes: without the reading of the monotonic
// clock if it goes by the clock on the wall.
func (r *jobRunner) now() time.Time {
	if r.trigger.byWall() {
		return r.jobs.clock().Round(0)
	}
	return time.Now()
}

func (r *jobRunner) jittered(t time.Time) time.Time {
	if r.jitter > 0 {
		t = t.Add(rand.N(r.jitter))
	}
	return t
}

// await sets the time of the next run, zero for none.
func (r *jobRunner) await(due time.Time) {
	r.due = due
	r.arm()
}

// arm sets the timer.
func (r *jobRunner) arm() {
	if r.due.IsZero() || r.held() {
		if r.timer != nil {
			r.timer.Stop()
		}
		return
	}
	wait := r.due.Sub(r.now())
	if r.trigger.byWall() {
		wait = min(wait, lookAgain)
	}
	if r.timer == nil {
		r.timer = time.AfterFunc(wait, r.fire)
	} else {
		r.timer.Reset(wait)
	}
}

// held tells that no run may begin.
func (r *jobRunner) held() bool { return (r.paused != nil || r.off != nil) && !r.asked }

// pause is a reason why a job does not run.
type pause struct {
	by    string
	since time.Time
}

// setPause does not change a pause that is there already.
func setPause(p **pause, on bool, by string) {
	switch {
	case !on:
		*p = nil
	case *p == nil:
		*p = &pause{by, time.Now()}
	}
}

// next waits for the next regular time. If there is none, the job is over.
func (r *jobRunner) next(ended time.Time) {
	due := r.trigger.next(r.anchor, r.after, ended)
	if due.IsZero() {
		r.end(nil)
		return
	}
	r.await(r.jittered(due))
}

// runNow has the job run.
func (r *jobRunner) runNow() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.started || r.over {
		return fmt.Errorf("%w: %q", ErrJobNotStarted, r.name)
	}
	r.asked = true
	if r.current == nil {
		r.retried = 0
		r.await(r.now())
	}
	return nil
}

// pause holds the job, or lets it go on.
func (r *jobRunner) pause(paused bool, by string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := r.held()
	setPause(&r.paused, paused, by)
	r.release(held)
}

// applySettings takes over settings that have changed. The times of another
// trigger count from now.
func (r *jobRunner) applySettings() {
	t, off := r.settings.current()
	r.mu.Lock()
	held := r.held()
	setPause(&r.off, off, r.section+":Enabled")
	ended := false
	if t.String() == r.trigger.String() {
		r.release(held)
	} else {
		ended = r.replace(t)
	}
	r.mu.Unlock()
	if ended {
		r.ended()
	}
}

// replace replaces the trigger. It tells whether the job has ended by that.
func (r *jobRunner) replace(t trigger) (ended bool) {
	r.trigger = t
	now := r.now()
	r.anchor, r.after, r.retried = now, now, 0
	switch {
	case !r.started || r.over || r.current != nil:
		return false
	case t.atOnce():
		r.await(now)
	default:
		r.next(now)
	}
	r.settle()
	return r.over
}

// release sets the timer after a change of what may hold the job. What was due
// while it was held is left out, unless nothing is due after it.
func (r *jobRunner) release(held bool) {
	if !r.started || r.current != nil || r.due.IsZero() {
		return
	}
	if now := r.now(); held && !r.held() && r.due.Before(now) {
		if due := r.trigger.next(r.anchor, now, now); !due.IsZero() {
			r.due, r.after, r.retried = r.jittered(due), now, 0
		}
	}
	r.arm()
}

// status is what is known of the job.
func (r *jobRunner) status() JobStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	status := JobStatus{
		Name: r.name, Trigger: r.trigger.String(), Running: r.current != nil,
		Began: r.last.began, Took: r.last.took, LastError: r.last.err,
		Runs: r.runs, Failures: r.failed, TotalTook: r.took,
	}
	if r.current != nil {
		status.Began = r.current.began
	}
	for _, p := range [...]*pause{r.off, r.paused} {
		if p != nil {
			status.Paused, status.PausedBy, status.PausedSince = true, p.by, p.since
		}
	}
	if !r.held() {
		status.Next = r.due
	}
	return status
}

// end ends the job.
func (r *jobRunner) end(fault error) {
	r.over, r.fault = true, fault
	r.await(time.Time{})
}

// rests tells that no run goes on, and none is to come.
func (r *jobRunner) rests() bool { return r.current == nil && (r.over || !r.started) }

// settle closes done when the job rests.
func (r *jobRunner) settle() {
	if r.done != nil && r.rests() {
		select {
		case <-r.done:
		default:
			close(r.done)
		}
	}
}
