package background

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/observe"
)

var (
	// ErrUnknownJob is returned for a name that no job has.
	ErrUnknownJob = errors.New("background: unknown job")
	// ErrJobNotStarted is returned for a job that has not started, has ended or was
	// stopped.
	ErrJobNotStarted = errors.New("background: job is not started")
)

// Jobs lists the jobs of an application, runs them now, and pauses them. It is
// injectable as *Jobs, also into jobs, and safe for concurrent use.
type Jobs struct {
	log   *zap.Logger
	clock func() time.Time // time.Now; a test sets it

	observers observe.Observers

	mu  sync.Mutex
	all []*jobRunner // in registration order
}

// JobStatus is the state of a job.
type JobStatus struct {
	Name    string `json:"name"`
	Trigger string `json:"trigger"` // such as "every 2h0m0s"
	Running bool   `json:"running"` // during a run
	Paused  bool   `json:"paused"`  // by Pause, or by the settings

	PausedBy    string    `json:"pausedBy,omitempty"`   // the argument of Pause, or the key of the settings, such as "Import:Enabled"
	PausedSince time.Time `json:"pausedSince,omitzero"` // zero if the job is not paused

	Next      time.Time     `json:"next,omitzero"`  // the beginning of the next run; zero during a run, while paused, and after the last run
	Began     time.Time     `json:"began,omitzero"` // the beginning of the latest run; zero before the first
	Took      time.Duration `json:"took"`           // the duration of the latest finished run; nanoseconds in JSON
	LastError error         `json:"-"`              // the error of that run, or nil; a text in JSON
	Runs      int           `json:"runs"`           // the number of runs, with retries and the current one
	Failures  int           `json:"failures"`       // the number of failed runs
	TotalTook time.Duration `json:"totalTook"`      // the duration of all finished runs together
}

// MarshalJSON writes LastError as its text.
func (s JobStatus) MarshalJSON() ([]byte, error) {
	type plain JobStatus
	var text *string
	if s.LastError != nil {
		t := fmt.Sprint(s.LastError)
		text = &t
	}
	return json.Marshal(struct {
		plain
		LastError *string `json:"lastError"`
	}{plain(s), text})
}

// List returns the status of every job, in registration order.
func (j *Jobs) List() []JobStatus {
	all := j.list()
	list := make([]JobStatus, len(all))
	for i, r := range all {
		list[i] = r.status()
	}
	return list
}

// Get returns the status of the job called name; false if there is none.
func (j *Jobs) Get(name string) (JobStatus, bool) {
	r, err := j.find(name)
	if err != nil {
		return JobStatus{}, false
	}
	return r.status(), true
}

// RunNow runs a job immediately, or once more after the current run. It does not move
// the schedule. A paused job runs, too.
func (j *Jobs) RunNow(name string) error {
	r, err := j.find(name)
	if err != nil {
		return err
	}
	return r.runNow()
}

// Pause lets no run of a job begin until Resume. The current run goes on. by says who
// pauses the job, or why; it appears in the log and in the status. Pause may be called
// at any time. It does nothing if the job is already paused.
func (j *Jobs) Pause(name, by string) error {
	r, err := j.find(name)
	if err != nil {
		return err
	}
	r.pause(true, by)
	j.log.Info("job paused", zap.String(fields.Service, name), zap.String(fields.By, by))
	return nil
}

// Resume ends a Pause. Runs that were due meanwhile are skipped, except when no other
// run is to come: then the job runs immediately.
func (j *Jobs) Resume(name string) error {
	r, err := j.find(name)
	if err != nil {
		return err
	}
	r.pause(false, "")
	j.log.Info("job resumed", zap.String(fields.Service, name))
	return nil
}

func (j *Jobs) add(r *jobRunner) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.all = append(j.all, r)
}

func (j *Jobs) list() []*jobRunner {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.all // which only grows
}

func (j *Jobs) find(name string) (*jobRunner, error) {
	for _, r := range j.list() {
		if r.name == name {
			return r, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknownJob, name)
}
