package background

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/fxhost/fxhost/hosted"
)

// Times are those at which a job with the trigger is due after a moment, until
// another one, and the first n of them.
func Times(option JobOption, after, until time.Time, n int) ([]time.Time, error) {
	d := &declaredJob{}
	if err := option.apply(d); err != nil {
		return nil, err
	}
	var times []time.Time
	for t := d.trigger.next(after, after, after); !t.IsZero() && !t.After(until) && len(times) < n; t = d.trigger.next(after, t, t) {
		times = append(times, t)
	}
	return times, nil
}

// Clock has the jobs go by a clock on the wall that can be set. It is called before
// the start.
func (j *Jobs) Clock() (set func(by time.Duration)) {
	var off atomic.Int64
	j.clock = func() time.Time { return time.Now().Add(time.Duration(off.Load())) }
	return func(by time.Duration) { off.Store(int64(by)) }
}

// NewService returns the service of a job whose runs call run, without fx, which
// takes each type once.
func (j *Jobs) NewService(name string, run func(), options ...JobOption) (hosted.HostedService, error) {
	d, err := declareJob(name, options)
	r := &jobRunner{declaredJob: d, trigger: d.trigger, jobs: j, scoped: plainJob(run)}
	j.add(r)
	return r, err
}

type plainJob func()

func (p plainJob) Run(context.Context) error { p(); return nil }

func (p plainJob) inScope(ctx context.Context, attempt func(context.Context, Job) error) error {
	return attempt(ctx, p)
}
