package queue_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/lifetest"
)

// tasks is an application with a task queue.
type tasks struct {
	*lifetest.Application
	*queue.TaskQueue

	scopes *scope.Factory
	logs   *observer.ObservedLogs
}

func buildTasks(t *testing.T, options queue.TaskQueueOptions, more ...fx.Option) *tasks {
	t.Helper()
	core, logs := observer.New(zapcore.DebugLevel)
	a := &tasks{logs: logs}
	app, err := lifetest.New(zap.New(core), hosted.Options{},
		scope.Module(), queue.AddTaskQueue(options, hosted.Name("tasks")), fx.Options(more...), fx.Populate(&a.TaskQueue, &a.scopes))
	must(t, err)
	a.Application = app
	return a
}

func startTasks(t *testing.T, options queue.TaskQueueOptions, more ...fx.Option) *tasks {
	t.Helper()
	a := buildTasks(t, options, more...)
	must(t, a.Start(t.Context()))
	t.Cleanup(func() { must(t, a.Stop(context.WithoutCancel(t.Context()))) })
	return a
}

func (a *tasks) stopWithin(t *testing.T, limit time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	return a.Stop(ctx)
}

// takes is a task that notes its number when it is done, after a while.
func takes(d time.Duration, done *journal[int], number int) queue.Task {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			done.note(number)
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func TestTasksRunInOrderAndSoManyAtATime(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			begin, done := time.Now(), &journal[int]{}
			a := startTasks(t, queue.TaskQueueOptions{Workers: workers})
			for i := range 8 {
				must(t, a.Enqueue(t.Context(), takes(time.Second+time.Duration(i), done, i)))
			}
			for len(done.all()) < 8 {
				time.Sleep(time.Millisecond)
			}
			wantNotes(t, done, 0, 1, 2, 3, 4, 5, 6, 7)
			if took := time.Since(begin).Round(time.Second); took != time.Duration(8/workers)*time.Second {
				t.Errorf("%d workers took %v", workers, took)
			}
		})
	}
}

func TestEnqueueWaitsForRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin, done := time.Now(), &journal[int]{}
		a := startTasks(t, queue.TaskQueueOptions{Capacity: 2})
		for i := range 3 {
			must(t, a.Enqueue(t.Context(), takes(10*time.Second, done, i)))
			synctest.Wait() // the worker takes the first
		}
		wantTook(t, begin, 0)
		err := a.TryEnqueue(takes(0, done, 9))
		wantText(t, err, "queue: full: 2 tasks wait")
		if !errors.Is(err, queue.ErrFull) {
			t.Errorf("error %v", err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errBroken)
		defer cancel()
		if err := a.Enqueue(ctx, takes(0, done, 9)); !errors.Is(err, errBroken) {
			t.Errorf("error %v", err)
		}
		wantTook(t, begin, time.Second)
		must(t, a.Enqueue(t.Context(), takes(0, done, 3)))
		wantTook(t, begin, 10*time.Second)
		if err := a.Enqueue(ctx, takes(0, done, 9)); !errors.Is(err, errBroken) {
			t.Errorf("error %v of a context that has ended", err)
		}
		time.Sleep(time.Minute)
		wantNotes(t, done, 0, 1, 2, 3)
	})
}

func TestTheOldestIsDroppedIfThatIsWanted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done, dropped := &journal[int]{}, &journal[error]{}
		a := startTasks(t, queue.TaskQueueOptions{
			Capacity: 2, DropOldest: true, Returned: func(_ queue.Task, reason error) { dropped.note(reason) },
		})
		for i := range 6 {
			must(t, a.TryEnqueue(takes(time.Second, done, i)))
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		wantNotes(t, done, 0, 4, 5)
		wantNotes(t, dropped, queue.ErrFull, queue.ErrFull, queue.ErrFull)
		if got := a.Status().Returned; got != 3 {
			t.Errorf("%d returned", got)
		}
	})
}

func TestTheStopRunsWhatWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done := &journal[int]{}
		a := buildTasks(t, queue.TaskQueueOptions{})
		must(t, a.Start(t.Context()))
		for i := range 5 {
			must(t, a.Enqueue(t.Context(), takes(2*time.Second, done, i)))
		}
		begin := time.Now()
		must(t, a.stopWithin(t, time.Minute))
		wantTook(t, begin, 10*time.Second)
		wantNotes(t, done, 0, 1, 2, 3, 4)
		wantText(t, a.Enqueue(t.Context(), takes(0, done, 5)), "queue: closed: the host stops, and the task queue takes no more tasks")
		if err := a.TryEnqueue(takes(0, done, 5)); !errors.Is(err, queue.ErrClosed) {
			t.Errorf("error %v", err)
		}
		must(t, a.Stop(t.Context()))
	})
}

func TestWhatTheStopHasNoTimeForIsReturned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var a *tasks
		done, returned, causes := &journal[int]{}, &journal[int]{}, &journal[string]{}
		a = buildTasks(t, queue.TaskQueueOptions{Workers: 2, Capacity: 10, Returned: func(task queue.Task, reason error) {
			if !errors.Is(reason, queue.ErrClosed) {
				t.Errorf("reason %v", reason)
			}
			must(t, task(t.Context())) // the callback may do with it what it likes
			returned.note(0)
		}})
		must(t, a.Start(t.Context()))
		for range 2 {
			must(t, a.Enqueue(t.Context(), func(ctx context.Context) error {
				<-ctx.Done()
				causes.note(context.Cause(ctx).Error())
				return ctx.Err()
			}))
		}
		for i := range 3 {
			must(t, a.Enqueue(t.Context(), takes(0, done, i)))
		}
		synctest.Wait()
		begin := time.Now()
		must(t, a.stopWithin(t, 20*time.Second))
		wantTook(t, begin, 19*time.Second)
		wantNotes(t, done, 0, 1, 2)
		wantNotes(t, returned, 0, 0, 0)
		wantNotes(t, causes, "queue: the host cannot wait any longer", "queue: the host cannot wait any longer")
		if got := a.Status(); got.Returned != 3 || got.Waiting != 0 || got.Running != 0 || got.Failed != 2 {
			t.Errorf("%+v", got)
		}
		records := a.logs.FilterMessage("tasks not run").All()
		if len(records) != 1 || records[0].ContextMap()["tasks"] != int64(3) {
			t.Errorf("%v", records)
		}
	})
}

func TestAnEnqueueThatWaitsEndsWithTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done := &journal[int]{}
		a := buildTasks(t, queue.TaskQueueOptions{Capacity: 1})
		must(t, a.Start(t.Context()))
		must(t, a.Enqueue(t.Context(), takes(time.Second, done, 1)))
		synctest.Wait()
		must(t, a.Enqueue(t.Context(), takes(time.Second, done, 2)))
		waits := make(chan error, 1)
		go func() { waits <- a.Enqueue(t.Context(), takes(time.Second, done, 3)) }()
		synctest.Wait()
		must(t, a.stopWithin(t, time.Minute))
		if err := <-waits; !errors.Is(err, queue.ErrClosed) {
			t.Errorf("error %v", err)
		}
		wantNotes(t, done, 1, 2)
	})
}

func TestATaskThatIgnoresItsContextIsLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		a := buildTasks(t, queue.TaskQueueOptions{})
		must(t, a.Start(t.Context()))
		must(t, a.Enqueue(t.Context(), func(context.Context) error { <-release; return nil }))
		synctest.Wait()
		begin := time.Now()
		err := a.stopWithin(t, 20*time.Second)
		if err == nil || !strings.Contains(err.Error(), `stop service "tasks": context deadline exceeded: tasks still running: 1`) {
			t.Errorf("error %v", err)
		}
		if took := time.Since(begin); took > 21*time.Second {
			t.Errorf("took %v", took)
		}
		close(release)
	})
}

func TestATaskThatFailsDoesNotStopTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done := &journal[int]{}
		a := startTasks(t, queue.TaskQueueOptions{Workers: 2})
		for range 3 {
			must(t, a.Enqueue(t.Context(), func(context.Context) error { return errBroken }))
			must(t, a.Enqueue(t.Context(), func(context.Context) error { panic("oops") }))
			must(t, a.Enqueue(t.Context(), func(context.Context) error { runtime.Goexit(); return nil }))
			must(t, a.Enqueue(t.Context(), func(context.Context) error { return panickyError{} }))
		}
		synctest.Wait()
		if status, _ := a.Services().Get("tasks"); status.LastError == nil || status.State != hosted.StateRunning {
			t.Errorf("%+v", status)
		}
		must(t, a.Enqueue(t.Context(), takes(0, done, 1)))
		time.Sleep(time.Second)
		wantNotes(t, done, 1)
		if got := a.Status(); got.Failed != 12 || got.Succeeded != 1 || got.Running != 0 {
			t.Errorf("%+v", got)
		}
		if status, _ := a.Services().Get("tasks"); status.LastError != nil {
			t.Errorf("%+v", status)
		}
		texts := map[any]int{}
		for _, record := range a.logs.FilterMessage("task failed").All() {
			texts[record.ContextMap()["error"]]++
		}
		want := map[any]int{
			"broken": 3, "panic: oops": 3, "goroutine exited without returning (runtime.Goexit)": 3, "an error whose text panics: no text": 3,
		}
		if fmt.Sprint(texts) != fmt.Sprint(want) {
			t.Errorf("%v", texts)
		}
	})
}

type mailer struct{ sent *journal[string] }

func TestATaskMayHaveAScope(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sent := &journal[string]{}
		a := startTasks(t, queue.TaskQueueOptions{}, scope.Provide(func() (*mailer, func()) {
			return &mailer{sent}, func() { sent.note("closed") }
		}))
		for i := range 2 {
			must(t, a.Enqueue(t.Context(), queue.Scoped(a.scopes, func(_ context.Context, m *mailer) error {
				m.sent.note(fmt.Sprint("mail ", i))
				return nil
			})))
		}
		must(t, a.Enqueue(t.Context(), queue.Scoped(a.scopes, func(context.Context, *other) error { return nil })))
		synctest.Wait()
		wantNotes(t, sent, "mail 0", "closed", "mail 1", "closed")
		if got := a.Status(); got.Failed != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestTheStatusOfATaskQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done := &journal[int]{}
		a := startTasks(t, queue.TaskQueueOptions{Workers: 2, Capacity: 50})
		if got := a.Status(); got != (queue.TaskQueueStatus{Capacity: 50, Workers: 2}) {
			t.Errorf("%+v", got)
		}
		for i := range 2 {
			must(t, a.Enqueue(t.Context(), takes(time.Hour, done, i)))
		}
		for i := range 8 { // one a minute
			time.Sleep(time.Minute)
			must(t, a.Enqueue(t.Context(), takes(time.Second, done, i)))
		}
		time.Sleep(90 * time.Second)
		if got := a.Status(); got.Waiting != 8 || got.Running != 2 || got.Oldest != 7*time.Minute+90*time.Second || got.Rate != 0 {
			t.Errorf("%+v", got)
		}
		for i := range 10 { // within a tenth of a second each
			time.Sleep(30 * time.Millisecond)
			must(t, a.Enqueue(t.Context(), takes(time.Second, done, 8+i)))
		}
		const rest = 50*time.Minute + 30*time.Second + 2200*time.Millisecond // until an hour and two and a half seconds
		time.Sleep(rest)
		if got := a.Status(); got.Succeeded != 2+4 || got.Waiting != 12 || got.Running != 2 {
			t.Errorf("%+v", got)
		}
		time.Sleep(2 * time.Second)
		got := a.Status()
		oldest := 210*time.Millisecond + rest + 2*time.Second // of the third that came within a tenth of a second
		if got.Succeeded != 10 || got.Waiting != 8 || got.Oldest < oldest || got.Oldest > oldest+100*time.Millisecond {
			t.Errorf("%+v, want one of about %v", got, oldest)
		}
		if got.Rate != 2 {
			t.Errorf("rate %v", got.Rate)
		}
		time.Sleep(time.Hour)
		if got = a.Status(); got.Waiting != 0 || got.Oldest != 0 || got.Succeeded != 20 {
			t.Errorf("%+v", got)
		}
	})
}

func TestATaskQueueBeforeItsStartAndAfterItsStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done, returned := &journal[int]{}, &journal[error]{}
		q, err := queue.NewTaskQueue(queue.TaskQueueOptions{
			Returned: func(_ queue.Task, reason error) { returned.note(reason); panic("oops") },
		}, zap.NewNop())
		must(t, err)
		must(t, q.Enqueue(t.Context(), takes(0, done, 1)))
		must(t, q.StopAsync(t.Context())) // it never started
		wantNotes(t, returned, queue.ErrClosed)
		must(t, q.StartAsync(t.Context()))
		wantText(t, q.StartAsync(t.Context()), "queue: task queue is running already: only the host calls StartAsync")
		must(t, q.Enqueue(t.Context(), takes(0, done, 2)))
		must(t, q.StopAsync(t.Context()))
		must(t, q.StopAsync(t.Context()))
		wantNotes(t, done, 2)
		wantText(t, q.Enqueue(t.Context(), nil), "queue: task is nil")
		wantText(t, q.TryEnqueue(nil), "queue: task is nil")
		_, err = queue.NewTaskQueue(queue.TaskQueueOptions{Workers: -1}, zap.NewNop())
		wantText(t, err, "queue: TaskQueueOptions: Capacity 0, Workers -1: must be from 0, which is the default, to 10000000")
	})
}

func TestNoTaskIsLostAmongManyWhoEnqueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ran, returned, accepted atomic.Int64
		q, err := queue.NewTaskQueue(queue.TaskQueueOptions{
			Capacity: 3, Workers: 3, Returned: func(queue.Task, error) { returned.Add(1) },
		}, zap.NewNop())
		must(t, err)
		must(t, q.StartAsync(t.Context()))
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				for j := range 500 {
					ctx, cancel := context.WithCancel(t.Context())
					if (i+j)%3 == 0 {
						go cancel()
					}
					if q.Enqueue(ctx, func(context.Context) error { ran.Add(1); return nil }) == nil {
						accepted.Add(1)
					}
					cancel()
				}
			})
		}
		wg.Wait()
		must(t, q.StopAsync(t.Context()))
		if ran.Load()+returned.Load() != accepted.Load() || accepted.Load() < 16*500/2 {
			t.Errorf("%d accepted, %d ran, %d returned", accepted.Load(), ran.Load(), returned.Load())
		}
	})
}

func TestEnqueueAllocatesNothing(t *testing.T) {
	q, err := queue.NewTaskQueue(queue.TaskQueueOptions{Capacity: 10, Workers: 2}, zap.NewNop())
	must(t, err)
	must(t, q.StartAsync(t.Context()))
	defer func() { must(t, q.StopAsync(t.Context())) }()
	ctx, task := t.Context(), func(context.Context) error { return nil }
	if n := testing.AllocsPerRun(1000, func() { must(t, q.Enqueue(ctx, task)) }); n != 0 {
		t.Errorf("%v allocations a task", n)
	}
}

func TestAReturnedThatBlocksKeepsNoTaskRunning(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release, ended, done := make(chan struct{}), &journal[time.Duration]{}, &journal[int]{}
		a := buildTasks(t, queue.TaskQueueOptions{Returned: func(queue.Task, error) { <-release }})
		must(t, a.Start(t.Context()))
		begin := time.Now()
		must(t, a.Enqueue(t.Context(), func(ctx context.Context) error {
			<-ctx.Done()
			ended.note(time.Since(begin))
			return nil
		}))
		synctest.Wait()
		for range 3 {
			must(t, a.Enqueue(t.Context(), takes(0, done, 1)))
		}
		err := a.stopWithin(t, 20*time.Second)
		if err == nil || !strings.Contains(err.Error(), `stop service "tasks": context deadline exceeded: Returned has not returned, tasks left: 2`) {
			t.Errorf("error %v", err)
		}
		wantNotes(t, ended, 19*time.Second)
		if took := time.Since(begin); took > 21*time.Second {
			t.Errorf("took %v", took)
		}
		close(release)
		synctest.Wait()
		wantNotes(t, done)
	})
}

func TestAReturnedThatEndsItsGoroutineSkipsNoTask(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var returned atomic.Int64
		a := buildTasks(t, queue.TaskQueueOptions{Returned: func(queue.Task, error) {
			returned.Add(1)
			runtime.Goexit()
		}})
		for range 3 {
			must(t, a.Enqueue(t.Context(), func(context.Context) error { return nil }))
		}
		must(t, a.StopAsync(t.Context())) // it never started
		if got := returned.Load(); got != 3 {
			t.Errorf("%d tasks were returned", got)
		}
	})
}

func TestAReturnedThatEnqueuesAgainComesToAnEnd(t *testing.T) {
	t.Parallel()
	var (
		a       *tasks
		refused atomic.Int64
	)
	a = buildTasks(t, queue.TaskQueueOptions{Capacity: 2, DropOldest: true, Returned: func(task queue.Task, reason error) {
		if errors.Is(reason, queue.ErrFull) && a.TryEnqueue(task) != nil {
			refused.Add(1)
		}
	}})
	for range 3 {
		must(t, a.Enqueue(t.Context(), func(context.Context) error { return nil }))
	}
	if got := refused.Load(); got != 1 {
		t.Errorf("%d tasks were refused", got)
	}
	must(t, a.Enqueue(t.Context(), func(context.Context) error { return nil })) // once more
	if got := a.Status(); got.Waiting != 2 || refused.Load() != 2 {
		t.Errorf("%+v, %d refused", got, refused.Load())
	}
}

func TestATaskQueueWantsALogger(t *testing.T) {
	t.Parallel()
	_, err := queue.NewTaskQueue(queue.TaskQueueOptions{}, nil)
	wantText(t, err, "queue: NewTaskQueue: logger is nil: want one, such as zap.NewNop()")
}
