package docs_test

import (
	"context"
	"fmt"
	"io"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

// speaker is a service that says what happens to it.
type speaker struct{ name string }

func (s speaker) say(what string) error {
	fmt.Println(s.name, what)
	return nil
}

func (s speaker) StartingAsync(context.Context) error { return s.say("StartingAsync") }
func (s speaker) StartAsync(context.Context) error    { return s.say("StartAsync") }
func (s speaker) StartedAsync(context.Context) error  { return s.say("StartedAsync") }
func (s speaker) StoppingAsync(context.Context) error { return s.say("StoppingAsync") }
func (s speaker) StopAsync(context.Context) error     { return s.say("StopAsync") }
func (s speaker) StoppedAsync(context.Context) error  { return s.say("StoppedAsync") }

// outside is a lifetime that says when it is called.
type outside struct{}

func (outside) WaitForStart(context.Context, func(error)) error {
	fmt.Println("lifetime WaitForStart")
	return nil
}

func (outside) Stop(context.Context, error) error {
	fmt.Println("lifetime Stop")
	return nil
}

// hook is a constructor with a hook of fx.
func hook(lifecycle fx.Lifecycle) {
	fmt.Println("constructors")
	lifecycle.Append(fx.StartStopHook(
		func() { fmt.Println("hook OnStart") },
		func() { fmt.Println("hook OnStop") },
	))
}

// callbacks registers one for each moment, and has the host stopped once it has
// started.
func callbacks(lifetime *hosted.ApplicationLifetime) {
	lifetime.OnStarted(func(context.Context) {
		fmt.Println("callback OnStarted")
		lifetime.StopApplication(hosted.StopReason("that was all"))
	})
	lifetime.OnStopping(func(context.Context) { fmt.Println("callback OnStopping") })
	lifetime.OnStopped(func(context.Context) { fmt.Println("callback OnStopped") })
}

// The life of a host with a hook and two services.
func Example_life() {
	builder := host.NewEmptyBuilder()
	builder.Logging.Output = zapcore.AddSync(io.Discard)
	builder.UseLifetime(outside{})
	builder.Add(
		fx.Invoke(hook, callbacks),
		hosted.AddInstance(speaker{"first"}, hosted.Name("first")),
		hosted.AddInstance(speaker{"second"}, hosted.Name("second")),
	)
	fmt.Println("Run returns", builder.Run(context.Background()))
	// Output:
	// lifetime WaitForStart
	// constructors
	// first StartingAsync
	// second StartingAsync
	// hook OnStart
	// first StartAsync
	// second StartAsync
	// first StartedAsync
	// second StartedAsync
	// callback OnStarted
	// second StoppingAsync
	// first StoppingAsync
	// callback OnStopping
	// second StopAsync
	// first StopAsync
	// hook OnStop
	// second StoppedAsync
	// first StoppedAsync
	// callback OnStopped
	// lifetime Stop
	// Run returns <nil>
}
