package windows_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/windows"
	"github.com/fxhost/fxhost/hosted"
)

// programArgument makes the test binary the program of a service: the name of what it
// does, a folder, and settings follow.
const programArgument = "service-of-the-test"

type coded struct{}

func (coded) Error() string { return "no such tenant" }
func (coded) ExitCode() int { return 7 }

func runProgram(args []string) int {
	name, folder, args := args[0], args[1], args[2:]
	builder := host.NewBuilder(args)
	windows.Use(builder, windows.Active(true), windows.EventLog("fxhost", zap.WarnLevel))
	gate := func(file string) func(context.Context) error {
		return func(ctx context.Context) error { return untilThere(ctx, filepath.Join(folder, file)) }
	}
	builder.Add(named("quick", nil, nil), named("slow", gate("may start"), gate("may stop")))
	switch name {
	case "plain":
		builder.Add(fx.Invoke(func(e *host.Environment) error {
			return os.WriteFile(filepath.Join(folder, "content root"), []byte(e.ContentRoot), 0o600)
		}))
	case "fault":
		builder.Add(background.Func("faulty", func(context.Context) error { return coded{} }))
	case "constructor":
		builder.Add(fx.Invoke(func() error { return errors.New("boom") }))
	}
	err := builder.Run(context.Background())
	_ = os.WriteFile(filepath.Join(folder, "result"), fmt.Append(nil, err), 0o600)
	return host.ExitCode(err)
}

type gated struct{ start, stop func(context.Context) error }

func (g *gated) StartAsync(ctx context.Context) error { return call(ctx, g.start) }
func (g *gated) StopAsync(ctx context.Context) error  { return call(ctx, g.stop) }

func call(ctx context.Context, f func(context.Context) error) error {
	if f == nil {
		return nil
	}
	return f(ctx)
}

func named(name string, start, stop func(context.Context) error) fx.Option {
	return hosted.AddInstance(&gated{start, stop}, hosted.Name(name))
}

// untilThere waits for a file.
func untilThere(ctx context.Context, path string) error {
	for {
		if _, err := os.Stat(path); err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
