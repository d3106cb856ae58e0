package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

// quiet keeps the log out of the output of the examples.
func quiet(builder *host.Builder) {
	builder.Logging.Output = zapcore.AddSync(io.Discard)
}

// A job that is done stops the host, with a reason for the log.
func ExampleBuilder_Run() {
	builder := host.NewEmptyBuilder()
	quiet(builder)
	builder.Add(
		fx.Invoke(func(life *hosted.ApplicationLifetime) {
			life.OnStarted(func(context.Context) {
				fmt.Println("started")
				life.StopApplication(hosted.StopReason("nothing left to do"))
			})
			life.OnStopped(func(context.Context) { fmt.Println("stopped") })
		}),
	)
	fmt.Println(host.ExitCode(builder.Run(context.Background())))
	// Output:
	// started
	// stopped
	// 0
}

// tenantError is an error that knows the exit code it deserves.
type tenantError struct{}

func (tenantError) Error() string { return "no such tenant" }
func (tenantError) ExitCode() int { return 3 }

// The first error that stops a host is that of Run, and decides on the exit
// code.
func ExampleExitCode() {
	builder := host.NewEmptyBuilder()
	quiet(builder)
	builder.Add(background.Func("tenants", func(context.Context) error { return tenantError{} }))
	err := builder.Run(context.Background())
	fmt.Println(err)
	fmt.Println(errors.Is(err, tenantError{}), host.ExitCode(err))
	// Output:
	// host: run service "tenants": no such tenant
	// true 3
}

// Settings from code, and options of the host that win over all of them.
func ExampleBuilder_ConfigureOptions() {
	builder := host.NewEmptyBuilder()
	quiet(builder)
	if err := builder.Configuration.Add(config.Map(map[string]any{"shutdownTimeoutSeconds": 5})); err != nil {
		fmt.Println(err)
	}
	builder.ConfigureOptions(func(o *host.Options) { o.StopWhenDone = true })
	builder.Add(
		background.Func("once", func(context.Context) error { return nil }),
		fx.Invoke(func(o *host.Options) { fmt.Println(o.ShutdownTimeout, o.StopWhenDone) }),
	)
	fmt.Println(builder.Run(context.Background()))
	// Output:
	// 5s true
	// <nil>
}
