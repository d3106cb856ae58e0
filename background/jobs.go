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

// Jobs shows and steers the jobs of an application. It is injectable as *Jobs,
// also into jobs, and safe for concurrent use.
type Jobs struct {
	log   *zap.Logger
	clock func() time.Time // time.Now; a test sets it

	observers observe.Observers

	mu  sync.Mutex
	all []*jobRunner // in registration order
}

// JobStatus is what is known of one job at one moment.
type JobStatus struct {
	Name    string `json:"name"`
	Trigger string `json:"trigger"` // such as "every 2h0m0s"
	Running bool   `json:"running"` // a run goes on
	Paused  bool   `json:"paused"`  // by Pause, or by its settings

	PausedBy    string    `json:"pausedBy,omitempty"`   // what Pause was told, or the key of the settings, such as "Import:Enabled"
	PausedSince time.Time `json:"pausedSince,omitzero"` // zero if it is not paused

	Next      time.Time     `json:"next,omitzero"`  // when the next run begins, zero while a run goes on, when it is paused or has ended
	Began     time.Time     `json:"began,omitzero"` // when the last run began, zero before the first one
	Took      time.Duration `json:"took"`           // how long the last run that has ended took, in JSON in nanoseconds
	LastError error         `json:"-"`              // of that run, nil if it had none; a text in JSON
	Runs      int           `json:"runs"`           // how many have begun, retries and all
	Failures  int           `json:"failures"`       // how many of them have failed
	TotalTook time.Duration `json:"totalTook"`      // how long all that have ended took together
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

// RunNow has a job run at once, or once more as soon as the run that goes on has
// ended. That does not move its schedule. A job that is paused runs, too.
func (j *Jobs) RunNow(name string) error {
	r, err := j.find(name)
	if err != nil {
		return err
	}
	return r.runNow()
}

// Pause keeps a job from beginning a run until Resume; one that goes on is not
// touched. by says who pauses it, or why: the log and the status have it. Pause may be
// called at any time. To pause a job again changes nothing.
func (j *Jobs) Pause(name, by string) error {
	r, err := j.find(name)
	if err != nil {
		return err
	}
	r.pause(true, by)
	j.log.Info("job paused", zap.String(fields.Service, name), zap.String(fields.By, by))
	return nil
}

// Resume ends a Pause. What was due meanwhile is left out, unless nothing is due
// after it: then the job runs at once.
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
