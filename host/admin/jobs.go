package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/internal/printable"
)

// jobsSnapshot are the jobs with their last runs.
type jobsSnapshot struct {
	Jobs  []jobSeen `json:"jobs"`
	Total int       `json:"total"` // also those that the filter hides
}

// jobSeen is one job.
type jobSeen struct {
	Name        string    `json:"name"`
	Trigger     string    `json:"trigger"`
	State       string    `json:"state"` // running, paused, waiting, or ended
	PausedBy    string    `json:"pausedBy,omitempty"`
	PausedSince time.Time `json:"pausedSince,omitzero"`
	Next        time.Time `json:"next,omitzero"`
	Began       time.Time `json:"began,omitzero"`
	Runs        int       `json:"runs"`
	Failures    int       `json:"failures"`
	Error       string    `json:"error,omitempty"` // of the last run
	History     []runSeen `json:"history"`         // the latest first
}

// runSeen is one run that has ended.
type runSeen struct {
	Began  time.Time `json:"began"`
	Took   string    `json:"took"`
	Cause  string    `json:"cause"`
	Result string    `json:"result"` // succeeded, failed or stopped
	Error  string    `json:"error,omitempty"`
}

func (s *server) lookAtJobs(_ context.Context, query url.Values) (any, error) {
	f := newFilter(query)
	shown := jobsSnapshot{Jobs: []jobSeen{}}
	for _, status := range s.sources.Jobs.List() {
		shown.Total++
		job := jobSeen{
			Name: status.Name, Trigger: status.Trigger, State: stateOfJob(status),
			PausedBy: printable.Text(status.PausedBy), PausedSince: status.PausedSince,
			Next: status.Next, Began: status.Began, Runs: status.Runs, Failures: status.Failures, Error: textOf(status.LastError),
			History: []runSeen{},
		}
		if !f.matches(job.Name, job.Trigger, job.State, job.Error) {
			continue
		}
		runs, err := s.sources.Jobs.Runs(status.Name)
		if err != nil {
			return nil, err
		}
		for _, run := range runs {
			seen := runSeen{Began: run.Began, Took: duration(run.Took), Cause: run.Cause, Result: "succeeded", Error: printable.Lines(run.Error)}
			switch {
			case run.Error != "":
				seen.Result = "failed"
			case run.Stopped:
				seen.Result = "stopped"
			}
			job.History = append(job.History, seen)
		}
		shown.Jobs = append(shown.Jobs, job)
	}
	return shown, nil
}

func stateOfJob(status background.JobStatus) string {
	switch {
	case status.Running:
		return "running"
	case status.Paused:
		return "paused"
	case status.Next.IsZero():
		return "idle"
	default:
		return "waiting"
	}
}

func (s *server) jobActions() []*action {
	return []*action{
		{path: "jobs/run", grant: Act, do: func(_ context.Context, d *deed, form url.Values) error {
			before, err := s.job(d, form)
			if err != nil {
				return err
			}
			d.Old, d.New = stateOfJob(before), "run now"
			return jobError(s.sources.Jobs.RunNow(d.Target))
		}},
		{path: "jobs/pause", grant: Act, do: func(_ context.Context, d *deed, form url.Values) error {
			before, err := s.job(d, form)
			if err != nil {
				return err
			}
			d.Old, d.New = stateOfJob(before), "paused"
			return jobError(s.sources.Jobs.Pause(d.Target, d.Who))
		}},
		{path: "jobs/resume", grant: Act, do: func(_ context.Context, d *deed, form url.Values) error {
			before, err := s.job(d, form)
			if err != nil {
				return err
			}
			if d.Old = stateOfJob(before); before.Paused {
				d.Old = "paused by " + before.PausedBy
			}
			err = s.sources.Jobs.Resume(d.Target)
			after, _ := s.sources.Jobs.Get(d.Target)
			if d.New = stateOfJob(after); after.Paused {
				d.New = "paused by " + after.PausedBy
			}
			return jobError(err)
		}},
	}
}

// job is the one that a form names.
func (s *server) job(d *deed, form url.Values) (background.JobStatus, error) {
	d.Target = form.Get("name")
	if s.sources.Jobs == nil {
		return background.JobStatus{}, refusal(http.StatusNotFound, "this program has no jobs")
	}
	status, ok := s.sources.Jobs.Get(d.Target)
	if !ok {
		return status, jobError(background.ErrUnknownJob)
	}
	return status, nil
}

func jobError(err error) error {
	switch {
	case errors.Is(err, background.ErrUnknownJob):
		return &statusError{http.StatusNotFound, err}
	case errors.Is(err, background.ErrJobNotStarted):
		return &statusError{http.StatusConflict, err}
	default:
		return err
	}
}
