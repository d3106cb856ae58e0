package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/safe"
)

// maxTasks bounds the capacity, which is allocated when the queue is made, and the
// workers.
const maxTasks = 10_000_000

// maxDropping bounds the calls of Returned for tasks that were dropped: they may be
// nested.
const maxDropping = 64

// ErrFull is returned by [TaskQueue.TryEnqueue] when there is no room.
var ErrFull = errors.New("queue: full")

// Task is a function that a [TaskQueue] runs. ctx ends shortly before the shutdown
// timeout of a host that is stopping. An error or a panic is logged and counted.
type Task func(ctx context.Context) error

// Scoped returns a task that gets a T from a new scope. The scope is closed when the
// task returns.
func Scoped[T any](scopes *scope.Factory, task func(ctx context.Context, value T) error) Task {
	return func(ctx context.Context) error { return scope.Do(ctx, scopes, task) }
}

// TaskQueueOptions are the options of a [TaskQueue].
type TaskQueueOptions struct {
	// Capacity is how many tasks may wait for a worker, at most 10,000,000. Default 100.
	Capacity int
	// Workers is how many tasks run at the same time. Default 1.
	Workers int
	// DropOldest makes room by dropping the task that has waited longest, so that
	// Enqueue does not wait and TryEnqueue does not find the queue full.
	DropOldest bool
	// Returned is called with each task that will not run. The reason is ErrFull if the
	// task was dropped, and ErrClosed if there was no time left for it in the stop. The
	// Enqueue that drops a task calls Returned, on its own goroutine. While 64 such
	// calls have not returned, nothing more is dropped: Enqueue and TryEnqueue return
	// ErrFull. That also bounds a Returned which enqueues the task again. Default:
	// the tasks are only counted.
	Returned func(task Task, reason error)
}

// TaskQueue is a bounded queue of functions in memory, with workers that run them
// (.NET: the queued background service of its documentation). [AddTaskQueue] registers
// it as a hosted service and makes it injectable. A program with several queues embeds
// each in a type of its own.
//
// Tasks may be added before the start. When the host stops, the queue refuses new tasks
// and runs those that wait. Shortly before the shutdown timeout, the contexts of the
// running tasks end, and the tasks that still wait are passed to
// [TaskQueueOptions].Returned. A TaskQueue is safe for concurrent use.
type TaskQueue struct {
	options TaskQueueOptions
	log     *zap.Logger
	room    chan struct{} // a hint for those who wait for room

	mu       sync.Mutex
	work     sync.Cond // there is a task, or no more will come
	ring     []Task
	first    int    // in ring
	waiting  int    // tasks in ring
	put      uint64 // tasks so far
	ages     ages
	senders  int // that wait for room
	dropping int // calls of Returned for a task that was dropped
	running  int // tasks
	closing  chan struct{}
	closed   bool
	stop     context.CancelCauseFunc // of the tasks; nil if there are no workers
	ended    chan struct{}           // closed when all workers have
	counters taskCounters
}

// NewTaskQueue returns a queue whose workers begin with StartAsync.
func NewTaskQueue(options TaskQueueOptions, log *zap.Logger) (*TaskQueue, error) {
	if options.Capacity < 0 || options.Workers < 0 || options.Capacity > maxTasks || options.Workers > maxTasks {
		return nil, fmt.Errorf("queue: TaskQueueOptions: Capacity %d, Workers %d: must be from 0, which is the default, to %d",
			options.Capacity, options.Workers, maxTasks)
	}
	if log == nil {
		return nil, errors.New("queue: NewTaskQueue: logger is nil: want one, such as zap.NewNop()")
	}
	if options.Capacity == 0 {
		options.Capacity = 100
	}
	options.Workers = max(1, options.Workers)
	q := &TaskQueue{
		options: options, log: log, room: make(chan struct{}, 1), ring: make([]Task, options.Capacity), closing: make(chan struct{}),
	}
	q.work.L = &q.mu
	q.counters.since = time.Now()
	return q, nil
}

// AddTaskQueue makes a *[TaskQueue] injectable and registers it as a hosted service.
func AddTaskQueue(options TaskQueueOptions, service ...hosted.ServiceOption) fx.Option {
	return hosted.AddHostedService[*TaskQueue](
		func(log *zap.Logger) (*TaskQueue, error) { return NewTaskQueue(options, log) }, service...)
}

// Enqueue adds a task, and waits for room if there is none. It returns the cause of ctx
// if that ends first, and ErrClosed when the host stops.
func (q *TaskQueue) Enqueue(ctx context.Context, task Task) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	q.mu.Lock()
	for {
		if added, err := q.add(task); added || err != nil {
			return err // and unlocked
		}
		q.senders++
		closing := q.closing
		q.mu.Unlock()
		select {
		case <-q.room:
		case <-closing:
		case <-ctx.Done():
		}
		q.mu.Lock()
		q.senders--
		if ctx.Err() != nil {
			q.hint()
			q.mu.Unlock()
			return context.Cause(ctx)
		}
	}
}

// TryEnqueue adds a task without waiting. It returns ErrFull if there is no room, and
// ErrClosed when the host stops.
func (q *TaskQueue) TryEnqueue(task Task) error {
	q.mu.Lock()
	if added, err := q.add(task); added || err != nil {
		return err // and unlocked
	}
	q.mu.Unlock()
	return fmt.Errorf("%w: %d tasks wait", ErrFull, q.options.Capacity)
}

// add adds a task and unlocks q. If it returns false without an error, there is no
// room, and q is still locked.
func (q *TaskQueue) add(task Task) (bool, error) {
	switch {
	case task == nil:
		q.mu.Unlock()
		return false, errors.New("queue: task is nil")
	case q.closed:
		q.mu.Unlock()
		return false, fmt.Errorf("%w: the host stops, and the task queue takes no more tasks", ErrClosed)
	case q.waiting < len(q.ring):
		q.push(task)
		q.hint()
		q.mu.Unlock()
		return true, nil
	case q.options.DropOldest && q.dropping == maxDropping:
		q.mu.Unlock()
		return false, fmt.Errorf("%w: %d tasks wait, and %d calls of Returned go on", ErrFull, q.options.Capacity, maxDropping)
	case q.options.DropOldest:
		oldest := q.pop()
		q.counters.returned++
		q.dropping++
		q.push(task)
		q.mu.Unlock()
		defer q.dropped()
		q.giveBack(oldest, ErrFull)
		return true, nil
	default:
		return false, nil
	}
}

func (q *TaskQueue) push(task Task) {
	q.ages.put(q)
	i := q.first + q.waiting
	if i >= len(q.ring) {
		i -= len(q.ring)
	}
	q.ring[i] = task
	q.waiting++
	q.put++
	q.work.Signal()
}

func (q *TaskQueue) pop() Task {
	task := q.ring[q.first]
	q.ring[q.first] = nil
	if q.first++; q.first == len(q.ring) {
		q.first = 0
	}
	q.waiting--
	return task
}

// hint wakes one who waits for room, if there is some. It passes the hint on.
func (q *TaskQueue) hint() {
	if q.senders > 0 && q.waiting < len(q.ring) {
		select {
		case q.room <- struct{}{}:
		default:
		}
	}
}

// dropped is called when Returned has returned for a task that was dropped.
func (q *TaskQueue) dropped() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropping--
}

// giveBack calls Returned, whose panic is its own.
func (q *TaskQueue) giveBack(task Task, reason error) {
	if q.options.Returned == nil {
		return
	}
	var err error
	defer func() {
		if err != nil {
			q.log.Error("task not returned", append(stack(err), failure(err))...)
		}
	}()
	defer recovered(&err)
	q.options.Returned(task, reason)
}

// StartAsync starts the workers.
func (q *TaskQueue) StartAsync(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stop != nil {
		return errors.New("queue: task queue is running already: only the host calls StartAsync")
	}
	if q.closed {
		q.closed, q.closing = false, make(chan struct{})
	}
	ctx, q.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	var workers sync.WaitGroup
	for range q.options.Workers {
		workers.Go(func() { q.worker(ctx, &workers) })
	}
	ended := make(chan struct{})
	q.ended = ended
	go func() {
		workers.Wait()
		close(ended)
	}()
	return nil
}

// worker runs tasks until no more will come. A task that ends its goroutine, as
// FailNow of package testing does, ends the worker, and another one goes on.
func (q *TaskQueue) worker(ctx context.Context, workers *sync.WaitGroup) {
	returned := false
	defer func() {
		if !returned {
			q.mu.Lock()
			q.done(safe.ErrExited)
			q.mu.Unlock()
			workers.Go(func() { q.worker(ctx, workers) })
		}
	}()
	q.mu.Lock()
	for {
		for q.waiting == 0 && !q.closed {
			q.work.Wait()
		}
		if q.waiting == 0 {
			break
		}
		task := q.pop()
		q.running++
		q.hint()
		q.mu.Unlock()
		err := runTask(ctx, task)
		q.mu.Lock()
		q.done(err)
	}
	q.mu.Unlock()
	returned = true
}

func runTask(ctx context.Context, task Task) (err error) {
	defer recovered(&err)
	return task(ctx)
}

// done is called when a task has ended.
func (q *TaskQueue) done(err error) {
	q.running--
	q.counters.last = err
	if err == nil {
		q.counters.succeeded++
		return
	}
	q.counters.failed++
	q.mu.Unlock() // the log may wait
	defer q.mu.Lock()
	q.log.Error("task failed", append(stack(err), failure(err))...)
}

// StopAsync refuses new tasks, runs those that wait until shortly before ctx ends, and
// gives back the rest.
func (q *TaskQueue) StopAsync(ctx context.Context) error {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.closing)
		q.work.Broadcast()
	}
	stop, ended := q.stop, q.ended
	q.mu.Unlock()
	if stop == nil { // there never were workers
		return q.returnAll(ctx, q.takeRest())
	}
	var returned error
	over := finish(ctx, ended, func() {
		rest := q.takeRest()
		stop(errStopping)
		returned = q.returnAll(ctx, rest)
	})
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ages.stop()
	if !over {
		return errors.Join(fmt.Errorf("%w: tasks still running: %d", context.Cause(ctx), q.running), returned)
	}
	q.stop = nil
	return returned
}

// takeRest takes out what waits, oldest first.
func (q *TaskQueue) takeRest() []Task {
	q.mu.Lock()
	defer q.mu.Unlock()
	var rest []Task
	for q.waiting > 0 {
		rest = append(rest, q.pop())
	}
	q.counters.returned += uint64(len(rest))
	q.work.Broadcast()
	return rest
}

// returnAll gives back the rest, and waits for that as long as ctx allows.
func (q *TaskQueue) returnAll(ctx context.Context, rest []Task) error {
	if len(rest) == 0 {
		return nil
	}
	q.log.Warn("tasks not run", zap.Int(fields.Tasks, len(rest)))
	if q.options.Returned == nil {
		return nil
	}
	var returned atomic.Int64
	done := make(chan struct{})
	go q.giveBackAll(rest, &returned, done)
	if waitFor(ctx, done) {
		return nil
	}
	return fmt.Errorf("%w: Returned has not returned, tasks left: %d", context.Cause(ctx), int64(len(rest))-returned.Load())
}

// giveBackAll goes on with the next task if Returned ends the goroutine, as FailNow
// of package testing does.
func (q *TaskQueue) giveBackAll(rest []Task, returned *atomic.Int64, done chan<- struct{}) {
	defer func() {
		if len(rest) > 0 {
			go q.giveBackAll(rest, returned, done)
			return
		}
		close(done)
	}()
	for len(rest) > 0 {
		task := rest[0]
		rest = rest[1:]
		returned.Add(1)
		q.giveBack(task, ErrClosed)
	}
}
