package benchmarks

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/panjf2000/ants/v2"
	"github.com/sourcegraph/conc/pool"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

// A unit of these is items tasks or messages, from the first that is put until the
// last is done.
const items = 500

// room is how many may wait in each of the queues.
const room = 1024

// way is one way to have items done by workers: put takes one, and done is called
// for each by somebody.
type way struct {
	name string
	open func(b *testing.B, workers int, done func()) (put func(tb testing.TB))
}

// compareWays runs the ways with 1, 2 and 8 workers.
func compareWays(b *testing.B, ways ...way) {
	b.Helper()
	for _, workers := range []int{1, 2, 8} {
		b.Run(strconv.Itoa(workers), func(b *testing.B) {
			var variants []*variant
			for _, w := range ways {
				var pending sync.WaitGroup
				put := w.open(b, workers, pending.Done)
				variants = append(variants, &variant{name: w.name, unit: func(tb testing.TB) {
					pending.Add(items)
					for range items {
						put(tb)
					}
					pending.Wait()
				}})
			}
			compareFor(b, items, variants...)
		})
	}
}

// compareFor is compare for units of so many items each: a unit is a round.
func compareFor(b *testing.B, items int, variants ...*variant) {
	b.Helper()
	for _, v := range variants {
		v.unit(b)
	}
	for b.Loop() {
		for _, v := range variants {
			begin := time.Now()
			v.unit(b)
			v.times = append(v.times, time.Since(begin)*1000/time.Duration(items)) // picoseconds of one
		}
	}
	first := median(variants[0].times)
	for _, v := range variants {
		b.ReportMetric(median(v.times), "ns/"+v.name)
		if v != variants[0] {
			b.ReportMetric(first/median(v.times), variants[0].name+"/"+v.name)
		}
	}
	b.ReportMetric(0, "ns/op")
}

// channel is the least that there can be.
func channel(name string, work func()) way {
	return way{name, func(b *testing.B, workers int, done func()) func(testing.TB) {
		b.Helper()
		tasks := make(chan func(), room)
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for task := range tasks {
					task()
				}
			})
		}
		b.Cleanup(func() { close(tasks); wg.Wait() })
		task := func() { work(); done() }
		return func(testing.TB) { tasks <- task }
	}}
}

// taskQueue has the work done by our queue.
func taskQueue(name string, task func(b *testing.B, done func()) queue.Task) way {
	return way{name, func(b *testing.B, workers int, done func()) func(testing.TB) {
		b.Helper()
		q, err := queue.NewTaskQueue(queue.TaskQueueOptions{Capacity: room, Workers: workers}, zap.NewNop())
		if err != nil {
			b.Fatal(err)
		}
		ctx := context.Background()
		if err := q.StartAsync(ctx); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := q.StopAsync(ctx); err != nil {
				b.Error(err)
			}
		})
		t := task(b, done)
		return func(tb testing.TB) {
			if err := q.Enqueue(ctx, t); err != nil {
				tb.Fatal(err)
			}
		}
	}}
}

func concPool() way {
	return way{"conc", func(b *testing.B, workers int, done func()) func(testing.TB) {
		b.Helper()
		p := pool.New().WithMaxGoroutines(workers)
		b.Cleanup(p.Wait)
		return func(testing.TB) { p.Go(done) }
	}}
}

func antsPool() way {
	return way{"ants", func(b *testing.B, workers int, done func()) func(testing.TB) {
		b.Helper()
		p, err := ants.NewPool(workers)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(p.Release)
		return func(tb testing.TB) {
			if err := p.Submit(done); err != nil {
				tb.Fatal(err)
			}
		}
	}}
}

// BenchmarkTasks has functions that do nothing run by workers. The ratios are those
// of the rates: more than 1 is faster than the channel.
func BenchmarkTasks(b *testing.B) {
	compareWays(b,
		channel("channel", func() {}),
		taskQueue("TaskQueue", func(_ *testing.B, done func()) queue.Task {
			return func(context.Context) error { done(); return nil }
		}),
		concPool(),
		antsPool(),
	)
}

// BenchmarkTasksWithObjects is the same for functions which need three objects each.
func BenchmarkTasksWithObjects(b *testing.B) {
	byHand := smallByHand(b)
	compareWays(b,
		channel("channel+hand", func() { byHand(b) }),
		taskQueue("TaskQueue+hand", func(b *testing.B, done func()) queue.Task {
			b.Helper()
			return func(context.Context) error { byHand(b); done(); return nil }
		}),
		taskQueue("TaskQueue+scope", func(b *testing.B, done func()) queue.Task {
			b.Helper()
			return queue.Scoped(factory(b, plainOptions()), func(_ context.Context, h *handler) error {
				handlerSink = h
				done()
				return nil
			})
		}),
	)
}

// job is the message.
type job struct {
	Customer string
	Number   int
}

func newJob() job { return job{"a customer", 4711} }

// raw is a Codec that leaves bytes as they are.
type raw struct{}

func (raw) ContentType() string                 { return "" }
func (raw) Marshal(message any) ([]byte, error) { return message.([]byte), nil }
func (raw) Unmarshal(body []byte, message any) error {
	*message.(*[]byte) = body
	return nil
}

// watermillChannel does what is done by ours: encode puts a message into bytes, and
// decode gets it out of them.
func watermillChannel(encode func() ([]byte, error), decode func([]byte) error) way {
	return way{"watermill", func(b *testing.B, workers int, done func()) func(testing.TB) {
		b.Helper()
		pubsub := gochannel.NewGoChannel(gochannel.Config{OutputChannelBuffer: room}, watermill.NopLogger{})
		messages, err := pubsub.Subscribe(context.Background(), "jobs")
		if err != nil {
			b.Fatal(err)
		}
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				for m := range messages {
					if err := decode(m.Payload); err != nil {
						b.Error(err)
					}
					m.Ack()
					done()
				}
			})
		}
		b.Cleanup(func() {
			if err := pubsub.Close(); err != nil {
				b.Error(err)
			}
			wg.Wait()
		})
		return func(tb testing.TB) {
			body, err := encode()
			if err != nil {
				tb.Fatal(err)
			}
			if err := pubsub.Publish("jobs", message.NewMessage(watermill.NewUUID(), body)); err != nil {
				tb.Fatal(err)
			}
		}
	}}
}

// messages sends M by our queue in memory.
func messages[M any](name string, newMessage func() M, constructor func(done func()) any, options ...any) way {
	return way{name, func(b *testing.B, workers int, done func()) func(testing.TB) {
		b.Helper()
		queueOptions := []queue.Option{queue.Name("jobs"), queue.Concurrency(workers)}
		var fxOptions []fx.Option
		for _, option := range options {
			switch o := option.(type) {
			case queue.Option:
				queueOptions = append(queueOptions, o)
			case fx.Option:
				fxOptions = append(fxOptions, o)
			}
		}
		var jobs queue.Sender[M]
		app := fx.New(
			fx.NopLogger, hosted.Module(), scope.Module(), fx.Provide(zap.NewNop),
			queue.UseMemory(queue.MemoryOptions{Capacity: room}),
			queue.Handle[M](constructor(done), queueOptions...),
			fx.Options(fxOptions...), fx.Populate(&jobs),
		)
		ctx := context.Background()
		if err := app.Start(ctx); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := app.Stop(ctx); err != nil {
				b.Error(err)
			}
		})
		return func(tb testing.TB) {
			if err := jobs.Send(ctx, newMessage()); err != nil {
				tb.Fatal(err)
			}
		}
	}}
}

func handles[M any](done func()) any {
	return func() queue.HandlerFunc[M] {
		return func(context.Context, M) error { done(); return nil }
	}
}

// BenchmarkMessages sends messages as JSON, and has each handled and acked. The
// ratios are those of the rates: less than 1 is slower than ours.
func BenchmarkMessages(b *testing.B) {
	compareWays(b,
		messages("ours", newJob, handles[job]),
		messages("ours+objects", newJob, func(done func()) any {
			return func(h *handler) queue.HandlerFunc[job] {
				return func(context.Context, job) error { handlerSink = h; done(); return nil }
			}
		}, fx.Provide(newDB), plainOptions()),
		watermillChannel(func() ([]byte, error) { return json.Marshal(newJob()) }, func(body []byte) error {
			var j job
			return json.Unmarshal(body, &j)
		}),
	)
}

// BenchmarkBytes is the same for messages that are bytes already.
func BenchmarkBytes(b *testing.B) {
	body := []byte(`{"Customer":"a customer","Number":4711}`)
	compareWays(b,
		messages("ours", func() []byte { return body }, handles[[]byte], queue.WithCodec(raw{})),
		watermillChannel(func() ([]byte, error) { return body, nil }, func([]byte) error { return nil }),
	)
}
