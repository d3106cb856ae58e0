package host_test

import (
	"context"
	"regexp"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/host/hosttest"
)

type order struct{ Number int }

func newOrderHandler() queue.HandlerFunc[order] {
	return func(context.Context, order) error { return nil }
}

func TestMistakesWithMessagesSayWhatToWrite(t *testing.T) {
	t.Parallel()
	const place, rest = `\S+queue_test\.go:\d+`, `: remove one; a message has one handler, which may call others$`
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"two handlers": {
			fx.Options(queue.Handle[order](newOrderHandler), queue.Handle[order](newOrderHandler)),
			`^host: build: host_test\.order is handled or declared twice, by ` + place + ` and by ` + place + rest,
		},
		"handled and declared": {
			fx.Options(queue.Handle[order](newOrderHandler), queue.Declare[order]()),
			`^host: build: host_test\.order is handled or declared twice, by ` + place + ` and by ` + place + rest,
		},
		"forgotten": {
			fx.Invoke(func(queue.Sender[order]) {}),
			`missing type: queue\.Sender\[\S*host_test\.order\]: ` +
				`add queue\.Handle\[host_test\.order\]\(constructor\), or queue\.Declare\[host_test\.order\]\(\) if another program handles it`,
		},
		"forgotten consumer": {
			fx.Options(queue.Handle[order](newOrderHandler), fx.Invoke(func(queue.Consumer[order]) {})),
			`missing type: queue\.Consumer\[\S*host_test\.order\].*: add queue\.Declare\[host_test\.order\]\(\), in place of queue\.Handle if that is there`,
		},
		"a handler to call": {
			fx.Invoke(func(queue.Handler[order]) {}),
			`add queue\.Handle\[host_test\.order\]\(constructor\), and take a queue\.Sender\[host_test\.order\], whose Invoke calls the handler`,
		},
		"no task queue": {fx.Invoke(func(*queue.TaskQueue) {}), `add queue\.AddTaskQueue\(queue\.TaskQueueOptions{}\)`},
		"two engines": {
			fx.Options(queue.UseMemory(queue.MemoryOptions{}), queue.UseMemory(queue.MemoryOptions{})),
			`^host: build: the messages have two engines, by ` + place + ` and by ` + place + `: remove one$`,
		},
		"another's name": {
			fx.Options(queue.Handle[order](newOrderHandler), queue.Declare[struct{ order }](queue.Name("order"))),
			`^host: build: queue: host_test\.order at ` + place + `: another type of message has the queue "order", too: give one of them another with queue\.Name`,
		},
	} {
		builder, _ := hosttest.NewBuilder(t, nil, test.option)
		if _, err := builder.Build(); err == nil || !regexp.MustCompile(test.want).MatchString(err.Error()) {
			t.Errorf("%s: got\n%v", name, err)
		} else {
			t.Log(err)
		}
	}
}
