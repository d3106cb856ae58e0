package background

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// keptRuns is how many runs of each job are kept.
	keptRuns = 20
	// keptOfAll is how many runs of all jobs are kept, if there are so many jobs.
	keptOfAll = 20_000
	// keptText is how long the text of an error may be that is kept, in bytes.
	keptText = 1000
)

// JobRun is a finished run of a job.
type JobRun struct {
	Began   time.Time     `json:"began"`
	Took    time.Duration `json:"took"`              // nanoseconds in JSON
	Cause   string        `json:"cause"`             // "schedule", "run now" or "retry"
	Stopped bool          `json:"stopped,omitempty"` // it was cut short by a stop
	Error   string        `json:"error,omitempty"`   // up to 1,000 bytes of the text; empty if the run succeeded
}

// Runs returns the last 20 finished runs of a job, the latest first. With more than a
// thousand jobs, fewer runs of each are kept, but at least one.
func (j *Jobs) Runs(name string) ([]JobRun, error) {
	r, err := j.find(name)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	runs := slices.Clone(r.history)
	slices.Reverse(runs)
	return runs, nil
}

// kept is how many runs are kept of each job.
func (j *Jobs) kept() int { return max(1, min(keptRuns, keptOfAll/max(1, len(j.list())))) }

// keep is what is kept of a run that has ended. It calls a method of the user's error.
func (run *jobRun) keep(last lastRun) JobRun {
	kept := JobRun{Began: last.began, Took: last.took, Cause: string(run.Cause), Stopped: run.stopped}
	if last.err != nil {
		kept.Error = fmt.Sprint(last.err) // which survives a panic
		if len(kept.Error) > keptText {
			kept.Error = strings.ToValidUTF8(kept.Error[:keptText], "")
		}
	}
	return kept
}

// remember is called with the lock held.
func (r *jobRunner) remember(run JobRun) {
	if r.history == nil {
		r.history = make([]JobRun, 0, r.jobs.kept())
	}
	if len(r.history) == cap(r.history) {
		r.history = slices.Delete(r.history, 0, 1)
	}
	r.history = append(r.history, run)
}
