package background

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// trigger says when a job is due. It does not change.
type trigger interface {
	fmt.Stringer
	// next is the first time after a moment at which the job is due, zero if there
	// is none. anchor is when the schedule began, ended when the last run ended, or
	// anchor.
	next(anchor, after, ended time.Time) time.Time
	// atOnce tells that the first run comes when the schedule begins.
	atOnce() bool
	// byWall tells that its times are those of the clock on the wall, which may be
	// set, and not spans of time.
	byWall() bool
}

// Every runs a job at a fixed period. The first run comes one period after the start.
// The runs do not drift: a run that takes long or begins late does not delay later ones.
func Every(period time.Duration) JobOption {
	return jobOption(func(d *declaredJob) error {
		return errors.Join(positive("Every", period), d.setTrigger(every(period)))
	})
}

type every time.Duration

func (e every) next(anchor, after, _ time.Time) time.Time {
	period := time.Duration(e)
	return anchor.Add(after.Sub(anchor)/period*period + period)
}

func (e every) atOnce() bool   { return false }
func (e every) byWall() bool   { return false }
func (e every) String() string { return "every " + time.Duration(e).String() }

// Continuously runs a job again and again. A run begins when the one before has ended
// and the [Pause] is over. Without a Pause, a job that has nothing to do uses a whole
// processor. After a failed run, the job waits for at least half a second.
func Continuously() JobOption {
	return jobOption(func(d *declaredJob) error { return d.setTrigger(&continuously{}) })
}

// failurePause keeps a job that fails at once from taking a whole processor.
const failurePause = 500 * time.Millisecond

type continuously struct{ pause time.Duration }

func (c *continuously) next(_, _, ended time.Time) time.Time { return ended.Add(c.pause) }
func (c *continuously) atOnce() bool                         { return true }
func (c *continuously) byWall() bool                         { return false }
func (c *continuously) String() string                       { return "continuously" }

// Once runs a job one time, when it starts.
func Once() JobOption {
	return jobOption(func(d *declaredJob) error { return d.setTrigger(once{}) })
}

type once struct{}

func (once) next(time.Time, time.Time, time.Time) time.Time { return time.Time{} }
func (once) atOnce() bool                                   { return true }
func (once) byWall() bool                                   { return false }
func (once) String() string                                 { return "once" }

// At runs a job at the given times. Times before the start of the job are ignored.
func At(times ...time.Time) JobOption {
	return jobOption(func(d *declaredJob) error {
		if len(times) == 0 {
			return errors.New("background.At: no time")
		}
		sorted := make(at, len(times))
		for i, t := range times {
			if t.IsZero() {
				return fmt.Errorf("background.At: time %d is zero", i+1)
			}
			sorted[i] = t.Round(0) // without the reading of the monotonic clock
		}
		slices.SortFunc(sorted, time.Time.Compare)
		return d.setTrigger(sorted)
	})
}

type at []time.Time

func (a at) next(_, after, _ time.Time) time.Time {
	for _, t := range a {
		if t.After(after) {
			return t
		}
	}
	return time.Time{}
}

func (a at) atOnce() bool { return false }
func (a at) byWall() bool { return true }

func (a at) String() string {
	if len(a) == 1 {
		return "at " + a[0].Format(time.RFC3339)
	}
	return fmt.Sprintf("at %d times from %s to %s", len(a), a[0].Format(time.RFC3339), a[len(a)-1].Format(time.RFC3339))
}
