package background

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fxhost/fxhost/hosted"
)

// JobOption is an option of a job. A job has exactly one trigger, or [FromSection].
type JobOption interface{ apply(*declaredJob) error }

type jobOption func(*declaredJob) error

func (f jobOption) apply(d *declaredJob) error { return f(d) }

// declaredJob is what the options of a job say. It is shared by the applications
// that are built with them, and does not change.
type declaredJob struct {
	name         string
	trigger      trigger // nil if the settings must have it
	section      string  // of the settings, "" for none
	runAtStart   bool
	initialDelay time.Duration
	jitter       time.Duration
	timeout      time.Duration // of a run, zero for none
	pause        time.Duration
	limit        int // of runs, zero for none
	retries      int
	wait         time.Duration // before the first retry
	longest      time.Duration // before any
	service      []hosted.ServiceOption
}

func declareJob(name string, options []JobOption) (*declaredJob, error) {
	d := &declaredJob{name: name}
	var errs []error
	for i, option := range options {
		if option == nil {
			errs = append(errs, fmt.Errorf("option %d is nil", i+1))
			continue
		}
		errs = append(errs, option.apply(d))
	}
	switch c, continuous := d.trigger.(*continuously); {
	case continuous:
		c.pause = d.pause
	case d.pause > 0 && d.section == "":
		errs = append(errs, errors.New("background.Pause is for background.Continuously"))
	}
	if d.trigger == nil && d.section == "" && errors.Join(errs...) == nil {
		errs = append(errs, errors.New("no trigger: add background.Every, Cron, Continuously, Once, At or FromSection"))
	}
	d.service = append(d.service, hosted.Name(d.name))
	return d, errors.Join(errs...)
}

func (d *declaredJob) setTrigger(t trigger) error {
	if d.trigger != nil {
		return fmt.Errorf("two triggers, %q and %q: want one", d.trigger, t)
	}
	d.trigger = t
	return nil
}

// duration makes an option of a time that must be more than zero.
func duration(option string, value time.Duration, to func(*declaredJob) *time.Duration) JobOption {
	return jobOption(func(d *declaredJob) error {
		*to(d) = value
		return positive(option, value)
	})
}

func positive(option string, value time.Duration) error {
	if value <= 0 {
		return fmt.Errorf("background.%s: %v: must be more than zero", option, value)
	}
	return nil
}

// Name names the job in [Jobs], and its service in logs, errors and hosted.Services.
// Default is the type with its package, such as "orders.SyncPrices".
func Name(name string) JobOption {
	return jobOption(func(d *declaredJob) error {
		d.name = name
		if strings.TrimSpace(name) == "" {
			return errors.New("background.Name: empty name")
		}
		return nil
	})
}

// Service passes options to the hosted service of the job, such as
// hosted.OnFault(hosted.Ignore). The service has the name of the job.
func Service(options ...hosted.ServiceOption) JobOption {
	return jobOption(func(d *declaredJob) error {
		d.service = append(d.service, options...)
		return nil
	})
}

// RunAtStart adds a run when the schedule begins. [Continuously] and [Once] have one
// anyway.
func RunAtStart() JobOption {
	return jobOption(func(d *declaredJob) error {
		d.runAtStart = true
		return nil
	})
}

// InitialDelay is the time from the start of the job to the beginning of its schedule.
// Every(time.Hour) with InitialDelay(time.Minute) runs first after an hour and a minute;
// with [RunAtStart], it also runs after a minute.
func InitialDelay(delay time.Duration) JobOption {
	return duration("InitialDelay", delay, func(d *declaredJob) *time.Duration { return &d.initialDelay })
}

// Jitter delays each run by a random time below limit, so that many processes with
// one schedule do not all run at the same time. A run is never early, and the
// schedule does not move. (The Jitter of package queue and of hosted.RestartPolicy is
// for waits after a failure, and makes them shorter.)
func Jitter(limit time.Duration) JobOption {
	return duration("Jitter", limit, func(d *declaredJob) *time.Duration { return &d.jitter })
}

// RunTimeout ends the context of a run that takes longer than limit. The job waits for
// the run to return. If the run returns the error of its context, it has failed.
func RunTimeout(limit time.Duration) JobOption {
	return duration("RunTimeout", limit, func(d *declaredJob) *time.Duration { return &d.timeout })
}

// Pause is the time between two runs of a job with [Continuously].
func Pause(pause time.Duration) JobOption {
	return duration("Pause", pause, func(d *declaredJob) *time.Duration { return &d.pause })
}

// StopAfter ends the job after n runs. Retries do not count.
func StopAfter(n int) JobOption {
	return jobOption(func(d *declaredJob) error {
		if d.limit = n; n < 1 {
			return fmt.Errorf("background.StopAfter: %d: want 1 or more", n)
		}
		return nil
	})
}

// Retry repeats a run that failed, up to n times. It waits before the first retry, and
// twice as long before each further one, up to longest. Each retry is a run with a new
// job in a new scope. If runs were due meanwhile, one run follows the last retry.
func Retry(n int, wait, longest time.Duration) JobOption {
	return jobOption(func(d *declaredJob) error {
		d.retries, d.wait, d.longest = n, wait, longest
		if n < 1 || wait <= 0 || longest < wait {
			return fmt.Errorf("background.Retry(%d, %v, %v): want one time or more, more than zero, and no less than that", n, wait, longest)
		}
		return nil
	})
}

// backoff is how long to wait before a retry; the first is 1.
func (d *declaredJob) backoff(retry int) time.Duration {
	wait := d.wait
	for range retry - 1 {
		if wait > d.longest/2 {
			return d.longest
		}
		wait *= 2
	}
	return wait
}
