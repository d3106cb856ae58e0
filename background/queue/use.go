package queue

import (
	"context"
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/caller"
)

// Use sends the messages of the application through the [Transport] that constructor
// returns. The constructor may take what fx provides, and may return an error, too. The
// transport is closed after the services that use it have stopped. Engines have
// functions of their own that call Use.
func Use(constructor any) fx.Option {
	want := reflect.TypeFor[Transport]()
	fn := reflect.TypeOf(constructor)
	if fn == nil || fn.Kind() != reflect.Func || fn.NumOut() == 0 || !fn.Out(0).Implements(want) {
		return fx.Error(fmt.Errorf("queue: Use at %v: constructor is a %T, want a function that returns a %v", caller.Here(), constructor, want))
	}
	return fx.Provide(fx.Annotate(constructor, fx.As(new(Transport)),
		fx.OnStop(func(ctx context.Context, t Transport) error { return t.Close(ctx) })))
}

// UseMemory keeps the messages in memory, with these options. Memory with the default
// options is used anyway if there is no engine. The messages are lost when the process
// ends; a warning in the log counts those that are left.
func UseMemory(options MemoryOptions) fx.Option {
	return Use(func() (Transport, error) {
		memory := NewMemory(options)
		return memory.Connect(), memory.err
	})
}
