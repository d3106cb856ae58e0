//go:build linux

package systemd_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	ossignal "os/signal"
	"strconv"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/systemd"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/web"
)

// The tests of signals, of sockets and of the real systemd run the test binary again
// as one of these programs.
const programVariable = "SYSTEMD_TEST_PROGRAM"

// tick is 100 ms, or what the variable TICK says.
func tick() time.Duration {
	d, err := time.ParseDuration(os.Getenv("TICK"))
	if err != nil {
		return 100 * time.Millisecond
	}
	return d
}

func programs() map[string][]fx.Option {
	steps := func(n int) fx.Option {
		var options []fx.Option
		for i := range n {
			options = append(options, named("step"+strconv.Itoa(i+1), func(ctx context.Context) error { return sleep(ctx, tick()) }, nil))
		}
		return fx.Options(options...)
	}
	hang := func(context.Context) error { select {} }
	return map[string][]fx.Option{
		"plain":      {steps(2)},
		"slow start": {steps(20)},
		"hung start": {steps(2), named("hung", hang, nil)},
		"slow stop":  {named("slow", nil, untilReleased)},
		"arguments":  {steps(1), fx.Invoke(func() { fmt.Printf("%q\n", os.Args[1:]) }), fx.Invoke(readName)},
		"settings":   {config.Configure[settings]("Worker"), named("worker", nil, nil), fx.Invoke(followSettings)},
		"sockets":    {web.AddServer("web", answer)},
		"levels": {fx.Invoke(func(log *zap.Logger) {
			log.Debug("a debug record")
			log.Info("an info record")
			log.Warn("a warning")
			log.Error("an error record")
		}), steps(1)},
		"fault": {background.Func("faulty", func(ctx context.Context) error {
			if sleep(ctx, tick()) == nil {
				return errors.New("boom")
			}
			return nil
		})},
		"deadlock": {background.Func("deadlocked", func(ctx context.Context) error {
			for range 5 {
				background.Beat(ctx)
				_ = sleep(ctx, tick())
			}
			<-ctx.Done() // without a beat
			return nil
		}, hosted.StallTimeout(5*tick()))},
	}
}

func TestMain(m *testing.M) {
	name := os.Getenv(programVariable)
	if name == "" {
		// The first signal.Notify of a process starts a goroutine that never ends, which
		// must not be in a bubble of synctest.
		signals := make(chan os.Signal, 1)
		ossignal.Notify(signals, os.Interrupt)
		ossignal.Stop(signals)
		goleak.VerifyTestMain(m)
	}
	options, ok := programs()[name]
	if !ok {
		panic(name)
	}
	builder := host.NewBuilder(os.Args[1:])
	builder.Logging.Output = os.Stdout
	extend, err := time.ParseDuration(os.Getenv("EXTEND"))
	if err != nil {
		extend = systemd.DefaultExtendTimeout
	}
	systemd.Use(builder, systemd.ExtendTimeout(extend))
	builder.Add(options...)
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

// steady is a service of two functions.
type steady struct{ start, stop func(context.Context) error }

func (s *steady) StartAsync(ctx context.Context) error { return call(ctx, s.start) }
func (s *steady) StopAsync(ctx context.Context) error  { return call(ctx, s.stop) }

func call(ctx context.Context, f func(context.Context) error) error {
	if f == nil {
		return nil
	}
	return f(ctx)
}

func named(name string, start, stop func(context.Context) error) fx.Option {
	return hosted.AddInstance(&steady{start, stop}, hosted.Name(name))
}

// untilReleased waits until there is a file called RELEASE.
func untilReleased(ctx context.Context) error {
	for {
		if _, err := os.Stat(os.Getenv("RELEASE")); err == nil {
			return nil
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// sleep takes its time, unless ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// readName is for a setting that the command line has.
func readName(configuration *config.Manager) { configuration.Exists("Worker:Name") }

type settings struct{ Limit int }

// followSettings prints what is in force.
func followSettings(monitor *config.Monitor[settings]) {
	fmt.Println("limit", monitor.Current().Limit)
	monitor.OnChange(func(_, current *settings) { fmt.Println("limit", current.Limit) })
}

// answer answers with the ID of the process.
func answer() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintln(w, os.Getpid())
	})
}
