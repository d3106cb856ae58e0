package queue

import (
	"encoding/json"
	"time"
)

// TaskQueueStatus is the state of a [TaskQueue].
type TaskQueueStatus struct {
	Capacity int           `json:"capacity"`
	Workers  int           `json:"workers"`
	Waiting  int           `json:"waiting"` // tasks
	Oldest   time.Duration `json:"oldest"`  // how long the first of them has waited, to a tenth of a second
	Running  int           `json:"running"` // tasks

	// Counts since the queue was made: tasks that returned nil, tasks that failed, and
	// tasks that were dropped or not run before the stop.
	Succeeded uint64 `json:"succeeded"`
	Failed    uint64 `json:"failed"`
	Returned  uint64 `json:"returned"`

	// Rate is the number of tasks that ended per second, measured between two calls of
	// Status that are at least a second apart.
	Rate float64 `json:"rate"`
}

// MarshalJSON writes Oldest as "1.5s".
func (s TaskQueueStatus) MarshalJSON() ([]byte, error) {
	type plain TaskQueueStatus
	return json.Marshal(struct {
		plain
		Oldest string `json:"oldest"` // instead of the other
	}{plain(s), s.Oldest.String()})
}

type taskCounters struct {
	succeeded, failed, returned uint64
	last                        error // of the task that ended last

	rate  float64
	ended uint64 // at the time since
	since time.Time
}

// Status returns the status.
func (q *TaskQueue) Status() TaskQueueStatus {
	q.mu.Lock()
	defer q.mu.Unlock()
	now, c := time.Now(), &q.counters
	if passed := now.Sub(c.since); passed >= time.Second {
		ended := c.succeeded + c.failed
		c.rate, c.ended, c.since = float64(ended-c.ended)/passed.Seconds(), ended, now
	}
	return TaskQueueStatus{
		Capacity: len(q.ring), Workers: q.options.Workers, Waiting: q.waiting, Oldest: q.ages.oldest(q, now), Running: q.running,
		Succeeded: c.succeeded, Failed: c.failed, Returned: c.returned, Rate: c.rate,
	}
}

// LastError implements hosted.ErrorReporter: it returns the error of the task that
// ended last.
func (q *TaskQueue) LastError() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.counters.last
}

// ages tells how long a task has waited without a look at the clock for each: a
// timer notes every now and then, while tasks come, how many there were. Guarded by
// the lock of the queue.
type ages struct {
	marks []mark // the first is that of the oldest task, or older
	timer *time.Timer
	runs  bool // the timer
}

// mark says that tasks from this number on were put at this time or later.
type mark struct {
	number uint64
	at     time.Time
}

const agesEvery = 100 * time.Millisecond

// put is called before a task is put.
func (a *ages) put(q *TaskQueue) {
	if a.runs {
		return
	}
	a.mark(q)
	a.runs = true
	if a.timer == nil {
		a.timer = time.AfterFunc(agesEvery, func() { a.tick(q) })
	} else {
		a.timer.Reset(agesEvery)
	}
}

func (a *ages) tick(q *TaskQueue) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.put == a.marks[len(a.marks)-1].number { // nothing has come; the next put looks at the clock
		a.runs = false
		return
	}
	a.mark(q)
	a.timer.Reset(agesEvery)
}

// mark marks the next task, and forgets marks that no task needs.
func (a *ages) mark(q *TaskQueue) {
	oldest, needed := q.put-uint64(q.waiting), 0
	for needed+1 < len(a.marks) && a.marks[needed+1].number <= oldest {
		needed++
	}
	a.marks = append(a.marks[:0], a.marks[needed:]...)
	a.marks = append(a.marks, mark{q.put, time.Now()})
}

func (a *ages) oldest(q *TaskQueue, now time.Time) time.Duration {
	if q.waiting == 0 {
		return 0
	}
	oldest := q.put - uint64(q.waiting)
	at := a.marks[0].at
	for _, m := range a.marks {
		if m.number <= oldest {
			at = m.at
		}
	}
	return now.Sub(at)
}

func (a *ages) stop() {
	if a.timer != nil {
		a.timer.Stop()
	}
	a.runs = false
}
