package queue

import (
	"context"
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/caller"
)

// Use has the messages of the application go through the [Transport] that
// constructor makes: a function that takes what fx provides, and may return an
// error. It is closed when all who use it have stopped. Engines have functions of
// their own that call Use.
func Use(constructor any) fx.Option {
	want := reflect.TypeFor[Transport]()
	fn := reflect.TypeOf(constructor)
	if fn == nil || fn.Kind() != reflect.Func || fn.NumOut() == 0 || !fn.Out(0).Implements(want) {
		return fx.Error(fmt.Errorf("queue: Use at %v: constructor is a %T, want a function that returns a %v", caller.Here(), constructor, want))
	}
	return fx.Provide(fx.Annotate(constructor, fx.As(new(Transport)),
		fx.OnStop(func(ctx context.Context, t Transport) error { return t.Close(ctx) })))
}

// UseMemory has the messages go through memory with these options. That is the
// default, with a [Memory] for each type of message: they are lost when the process
// ends. What is left at a stop is counted in the log.
func UseMemory(options MemoryOptions) fx.Option {
	return Use(func() (Transport, error) {
		memory := NewMemory(options)
		return memory.Connect(), memory.err
	})
}
