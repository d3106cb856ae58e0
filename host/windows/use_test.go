package windows_test

import (
	"context"
	"fmt"
	"os"
	ossignal "os/signal"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/windows"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == programArgument {
		os.Exit(runProgram(os.Args[2:]))
	}
	// The first signal.Notify of a process starts a goroutine that never ends, which
	// must not be in a bubble of synctest.
	signals := make(chan os.Signal, 1)
	ossignal.Notify(signals, os.Interrupt)
	ossignal.Stop(signals)
	goleak.VerifyTestMain(m)
}

func TestWrongOptionsFailTheBuild(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		option windows.Option
		want   string
	}{
		{windows.WaitHint(0), "windows: WaitHint: 0s: want 1ms to 1193h2m47.295s"},
		{windows.WaitHint(2000 * time.Hour), "windows: WaitHint: 2000h0m0s: want 1ms to 1193h2m47.295s"},
		{windows.EventLog("", zap.WarnLevel), "windows: EventLog: the source is empty: give it the name of the service"},
		{nil, "windows: Use: option 1 is nil"},
	} {
		builder := host.NewEmptyBuilder()
		windows.Use(builder, c.option, windows.Active(false))
		if err := builder.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}

func Example() {
	builder := host.NewEmptyBuilder()
	builder.Logging.Output = zapcore.AddSync(discard{})
	// Started by hand, it is a program in a console.
	windows.Use(builder, windows.WaitHint(time.Minute), windows.EventLog("Orders", zap.WarnLevel))
	builder.Add(background.Func("orders", func(ctx context.Context) error {
		fmt.Println("working")
		<-ctx.Done()
		return nil
	}))
	h, err := builder.Build()
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := h.Start(context.Background()); err != nil {
		fmt.Println(err)
	}
	if err := h.Stop(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: working
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
