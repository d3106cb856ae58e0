package queue_test

import (
	"context"
	"math"
	"regexp"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/hosted"
)

type other struct{}

type wrongHandler struct{}

func (wrongHandler) Handle(context.Context, other) error { return nil }

type noHandler struct{}

func newNoHandler() *noHandler                            { return nil }
func newWrongHandler() *wrongHandler                      { return nil }
func newHandlerThatMisses(*other) queue.Handler[invoice]  { return nil }
func newNothing() queue.HandlerFunc[invoice]              { return nil }
func newHandlerAndError() (queue.Handler[invoice], error) { return nil, errBroken }
func newOtherNothing() queue.HandlerFunc[other]           { return nil }
func newTransport(o queue.Capabilities) func() capabilities {
	return func() capabilities { return capabilities{o} }
}

// capabilities is a transport that cannot even be opened.
type capabilities struct{ of queue.Capabilities }

func (capabilities) Open(context.Context, queue.Spec) (queue.Queue, error) { return nil, errBroken }
func (capabilities) State() queue.State                                    { return queue.State{Err: errBroken} }
func (c capabilities) Capabilities() queue.Capabilities                    { return c.of }
func (capabilities) Close(context.Context) error                           { return nil }

func TestMistakesAreErrorsOfBuild(t *testing.T) {
	t.Parallel()
	type option = queue.Option
	handle := func(options ...option) fx.Option { return queue.Handle[invoice](newNothing, options...) }
	const at = `queue: Handle\[queue_test\.invoice\] at \S+build_test\.go:\d+: `
	const of = `queue: queue_test\.invoice at \S+build_test\.go:\d+: `
	for name, c := range map[string]struct {
		option fx.Option
		want   string
	}{
		"no constructor":    {queue.Handle[invoice](nil), at + `constructor is a <nil>, want a function that returns a handler, or a handler`},
		"a value":           {queue.Handle[invoice](&noHandler{}), at + `constructor is a \*queue_test\.noHandler, want a function that returns a handler, or a handler: \*queue_test\.noHandler needs a method Handle\(ctx`},
		"a wrong value":     {queue.Handle[invoice](&wrongHandler{}), at + `constructor is a \*queue_test\.wrongHandler, want a function that returns a handler, or a handler: the Handle of \*queue_test\.wrongHandler is a func`},
		"a nil value":       {queue.Handle[invoice](queue.HandlerFunc[invoice](nil)), at + `handler is a queue\.HandlerFunc\[\S+invoice\] that is nil`},
		"a plain function":  {queue.Handle[invoice](func(context.Context, invoice) error { return nil }), at + `a function that handles messages is given as queue\.HandlerFunc\[queue_test\.invoice\]\(function\)`},
		"nothing":           {queue.Handle[invoice](func() {}), at + `constructor is a func\(\), want a function that returns a handler`},
		"no engine":         {queue.Use(nil), `queue: Use at \S+build_test\.go:\d+: constructor is a <nil>, want a function that returns a queue\.Transport`},
		"not an engine":     {queue.Use(func() int { return 1 }), `constructor is a func\(\) int, want a function that returns a queue\.Transport`},
		"no handler":        {queue.Handle[invoice](newNoHandler), at + `constructor is a func\(\) \*queue_test\.noHandler: \*queue_test\.noHandler needs a method Handle\(ctx context\.Context, message queue_test\.invoice\) error`},
		"of another":        {queue.Handle[invoice](newWrongHandler), at + `constructor is a func\(\) \*queue_test\.wrongHandler: the Handle of \*queue_test\.wrongHandler is a func\(\*queue_test\.wrongHandler, context\.Context, queue_test\.other\) error, want Handle\(ctx context\.Context, message queue_test\.invoice\) error`},
		"misses":            {queue.Handle[invoice](newHandlerThatMisses), `needs \*queue_test\.other, which nothing provides`},
		"an interface":      {queue.Declare[any](queue.Name("any")), `queue: Declare\[interface \{\}\] at \S+: an interface is no message`},
		"no name":           {queue.Declare[[]invoice](), `queue: name "": want 1 to 64 letters, digits, - and _; give it one with queue\.Name`},
		"bad name":          {handle(queue.Name("a.b")), at + `queue: name "a\.b": want 1 to 64 letters, digits, - and _; give it one with queue\.Name`},
		"nil option":        {handle(nil), at + `option 1 is nil`},
		"nil codec":         {handle(queue.WithCodec(nil)), at + `queue\.WithCodec: codec is nil`},
		"nil key":           {handle(queue.Ordered(1), queue.KeyBy[invoice](nil)), at + `queue\.KeyBy: function is nil`},
		"key of another":    {handle(queue.Ordered(1), queue.KeyBy(func(other) string { return "" })), at + `queue\.KeyBy: function is a func\(queue_test\.other\) string, want a func\(queue_test\.invoice\) string`},
		"key without order": {handle(queue.KeyBy(customerOf)), at + `queue\.KeyBy without queue\.Ordered`},
		"two concurrencies": {handle(queue.Ordered(2), queue.Concurrency(2)), at + `queue\.Concurrency with queue\.Ordered: each partition has one worker`},
		"zero": {
			handle(queue.Concurrency(0), queue.Attempts(-1), queue.Timeout(0), queue.Jitter(2)),
			at + `queue\.Concurrency\(0\): must be from 1 to 1000000\nqueue\.Attempts\(-1\): must be from 1 to 2147483647\n` +
				`queue\.Timeout\(0s\): must be more than zero\nqueue\.Jitter\(2\): must be 0 to 1`,
		},
		"too many": {
			handle(queue.Ordered(1<<40), queue.Prefetch(1<<40)),
			at + `queue\.Ordered\(1099511627776\): must be from 1 to 1000\nqueue\.Prefetch\(1099511627776\): must be from 1 to 1000000`,
		},
		"too many workers":    {handle(queue.Concurrency(math.MaxInt)), at + `queue\.Concurrency\(9223372036854775807\): must be from 1 to 1000000$`},
		"too many tasks":      {queue.AddTaskQueue(queue.TaskQueueOptions{Capacity: math.MaxInt}), `queue: TaskQueueOptions: Capacity 9223372036854775807, Workers 0: must be from 0, which is the default, to 10000000`},
		"takeover of nothing": {handle(queue.Takeover(1)), at + `queue\.Takeover\(1ns\): must be at least a millisecond`},
		"prefetch":            {handle(queue.Concurrency(3), queue.Prefetch(2)), at + `queue\.Prefetch\(2\): fewer than the 3 workers of queue\.Concurrency`},
		"backoff":             {handle(queue.Backoff(time.Hour, time.Minute)), at + `queue\.Backoff\(1h0m0s, 1m0s\): the longest wait is shorter than the first`},
		"service option":      {handle(queue.Service(hosted.StopTimeout(0))), `hosted\.StopTimeout: 0s: must be more than zero`},
		"two handlers":        {fx.Options(handle(), handle()), `queue\.Handler\[\S+invoice\].* already provided by`},
		"handle and declare": {
			fx.Options(handle(), queue.Declare[invoice]()), `cannot provide \S*topicOf\[\S+invoice\].* already provided by`,
		},
		"two of one name": {
			fx.Options(handle(), queue.Handle[other](newOtherNothing, queue.Name("invoice"))),
			`another type of message has the queue "invoice", too: give one of them another with queue\.Name`,
		},
		"a partition's name": {
			fx.Options(handle(queue.Name("x"), queue.Ordered(2)), queue.Handle[other](newOtherNothing, queue.Name("x-p1"))),
			`another type of message has the queue "x-p1", too`,
		},
		"memory": {fx.Options(handle(), queue.UseMemory(queue.MemoryOptions{DeadLetters: -1})), `must not be negative`},
		"order": {
			fx.Options(handle(queue.Ordered(1)), queue.Use(newTransport(queue.Capabilities{Engine: "river"}))),
			of + `queue\.Ordered: river keeps no order; memory, nats, redis and rabbitmq do`,
		},
		"takeover": {
			fx.Options(handle(queue.Takeover(time.Second)), queue.Use(newTransport(queue.Capabilities{Engine: "river", MinTakeover: time.Minute}))),
			of + `queue\.Takeover\(1s\): river cannot take over within less than 1m0s`,
		},
		"timeout": {
			fx.Options(handle(queue.Timeout(time.Hour)), queue.Use(newTransport(queue.Capabilities{Engine: "rabbitmq", MaxHandling: time.Minute}))),
			of + `queue\.Timeout\(1h0m0s\): a message may be with a handler for 1m0s in rabbitmq`,
		},
		"long waits": {
			fx.Options(handle(queue.Ordered(1)), queue.Use(newTransport(queue.Capabilities{Engine: "x", Order: true, MaxHandling: time.Minute}))),
			of + `queue\.Backoff\(1s, 1m0s\): an ordered message waits with its handler, in x for at most 1m0s`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := build(c.option, queue.Handle[struct{}](func() queue.HandlerFunc[struct{}] { return nil }, queue.Name("unrelated")))
			if err == nil || !regexp.MustCompile(c.want).MatchString(err.Error()) {
				t.Errorf("error:\n got  %v\n want %s", err, c.want)
			}
		})
	}
}

func TestAnEngineThatDoesNotOpenIsAnErrorOfTheStart(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fx.Option{"handle": queue.Handle[invoice](newNothing), "declare": queue.Declare[invoice]()} {
		a, err := build(option, queue.Use(newTransport(queue.Capabilities{Engine: "x", Durable: true})))
		must(t, err)
		wantText(t, a.Start(t.Context()), `host: start service "queue.invoice": queue: open "invoice": broken`)
		if got := a.queues.List(t.Context())[0]; got.Stats.Ready != queue.Unknown || got.Connection.Err == nil {
			t.Errorf("%s: %+v", name, got)
		}
		if status, _ := a.Services().Get("queue.invoice"); status.LastError == nil {
			t.Errorf("%s: %+v", name, status)
		}
	}
}

func TestAHandlerThatCannotBeMadeIsAFailureOfTheMessage(t *testing.T) {
	t.Parallel()
	a := start(t, queue.Handle[invoice](newHandlerAndError))
	if err := a.invoices.Invoke(t.Context(), invoice{}); err == nil || !regexp.MustCompile(`newHandlerAndError.*: broken`).MatchString(err.Error()) {
		t.Errorf("error %v", err)
	}
}

func TestTheQueuesAreThereWithoutMessages(t *testing.T) {
	t.Parallel()
	var queues *queue.Queues
	must(t, fx.New(fx.NopLogger, fx.Provide(zap.NewNop), queue.Module(), fx.Populate(&queues)).Err())
	if list := queues.List(t.Context()); len(list) != 0 {
		t.Errorf("%+v", list)
	}
}
