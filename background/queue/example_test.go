package queue_test

import (
	"context"
	"fmt"
	"sync"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

type Greet struct{ Name string }

type GreetHandler struct{ done *sync.WaitGroup }

func NewGreetHandler(done *sync.WaitGroup) *GreetHandler { return &GreetHandler{done} }

func (h *GreetHandler) Handle(ctx context.Context, m Greet) error {
	defer h.done.Done()
	message, _ := queue.From(ctx)
	fmt.Println("hello", m.Name, "from", message.Queue)
	return nil
}

// A message is handled by a handler of its own, soon after it was sent.
func ExampleHandle() {
	var greetings queue.Sender[Greet]
	var done sync.WaitGroup
	app := fx.New(
		fx.NopLogger, fx.Provide(zap.NewNop), fx.Supply(&done),
		scope.Module(), hosted.Module(), // package host has them already
		queue.Handle[Greet](NewGreetHandler),
		fx.Populate(&greetings),
	)
	ctx := context.Background()
	check(app.Start(ctx))
	done.Add(2)
	check(greetings.Send(ctx, Greet{"Ada"}))
	check(greetings.Send(ctx, Greet{"Charles"}))
	done.Wait()
	check(app.Stop(ctx))
	// Output:
	// hello Ada from Greet
	// hello Charles from Greet
}

// The stop runs the tasks that wait.
func ExampleTaskQueue() {
	var tasks *queue.TaskQueue
	app := fx.New(
		fx.NopLogger, fx.Provide(zap.NewNop), hosted.Module(),
		queue.AddTaskQueue(queue.TaskQueueOptions{Capacity: 10}),
		fx.Populate(&tasks),
	)
	ctx := context.Background()
	check(app.Start(ctx))
	for i := range 3 {
		check(tasks.Enqueue(ctx, func(context.Context) error {
			fmt.Println("task", i)
			return nil
		}))
	}
	check(app.Stop(ctx))
	fmt.Println(tasks.TryEnqueue(func(context.Context) error { return nil }))
	// Output:
	// task 0
	// task 1
	// task 2
	// queue: closed: the host stops, and the task queue takes no more tasks
}

// A loop of one's own settles each message itself.
func ExampleConsumer() {
	var numbers queue.Sender[int]
	var consumer queue.Consumer[int]
	app := fx.New(
		fx.NopLogger, fx.Provide(zap.NewNop), scope.Module(), hosted.Module(),
		queue.Declare[int](queue.Name("numbers")),
		fx.Populate(&numbers, &consumer),
	)
	ctx := context.Background()
	check(app.Start(ctx))
	check(numbers.SendAll(ctx, []int{1, 2, 3}))
	for received, err := range consumer.All(ctx) {
		check(err)
		fmt.Println(received.Message)
		check(received.Ack(ctx))
		if received.Message == 3 {
			break
		}
	}
	check(app.Stop(ctx))
	// Output:
	// 1
	// 2
	// 3
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
