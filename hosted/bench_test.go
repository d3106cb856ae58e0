package hosted_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/lifetest"
)

// The graphs that are compared have n constructors of n types, each of which
// takes a logger. Three type arguments of ten types each give 1,000 types.

type benchService struct{ log *zap.Logger }

func (*benchService) StartAsync(context.Context) error { return nil }
func (*benchService) StopAsync(context.Context) error  { return nil }

type (
	digit interface {
		d0 | d1 | d2 | d3 | d4 | d5 | d6 | d7 | d8 | d9
	}
	d0                    struct{}
	d1                    struct{}
	d2                    struct{}
	d3                    struct{}
	d4                    struct{}
	d5                    struct{}
	d6                    struct{}
	d7                    struct{}
	d8                    struct{}
	d9                    struct{}
	numbered[A, B, C any] struct{ benchService }
)

func newNumbered[A, B, C any](log *zap.Logger) *numbered[A, B, C] {
	return &numbered[A, B, C]{benchService{log}}
}

// variant makes the options of one service.
type variant int

const (
	asService variant = iota // hosted.AddHostedService
	asHook                   // the same constructor, as a hook of plain fx
)

func option[A, B, C digit](v variant) fx.Option {
	if v == asService {
		return hosted.AddHostedService[*numbered[A, B, C]](newNumbered[A, B, C])
	}
	return fx.Options(
		fx.Provide(newNumbered[A, B, C]),
		fx.Invoke(func(lifecycle fx.Lifecycle, s *numbered[A, B, C]) {
			lifecycle.Append(fx.Hook{OnStart: s.StartAsync, OnStop: s.StopAsync})
		}),
	)
}

type maker func(variant) fx.Option

func ten[A, B digit]() []maker {
	return []maker{
		option[A, B, d0], option[A, B, d1], option[A, B, d2], option[A, B, d3], option[A, B, d4],
		option[A, B, d5], option[A, B, d6], option[A, B, d7], option[A, B, d8], option[A, B, d9],
	}
}

func hundred[A digit]() []maker {
	return slices.Concat(ten[A, d0](), ten[A, d1](), ten[A, d2](), ten[A, d3](), ten[A, d4](),
		ten[A, d5](), ten[A, d6](), ten[A, d7](), ten[A, d8](), ten[A, d9]())
}

func thousand() []maker {
	return slices.Concat(hundred[d0](), hundred[d1](), hundred[d2](), hundred[d3](), hundred[d4](),
		hundred[d5](), hundred[d6](), hundred[d7](), hundred[d8](), hundred[d9]())
}

// life builds, starts and stops services, and says how much processor time that
// took.
func life(tb testing.TB, makers []maker, v variant) time.Duration {
	tb.Helper()
	begin := clock()
	options := []fx.Option{
		fx.Supply(zap.NewNop()),
		fx.WithLogger(func() fxevent.Logger { return fxevent.NopLogger }),
	}
	for _, option := range makers {
		options = append(options, option(v))
	}
	if v == asService {
		options = append(options, hosted.Module())
	}
	app := fx.New(options...)
	if err := app.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		tb.Fatal(err)
	}
	return clock() - begin
}

// BenchmarkLife prints, as ratio, how much more processor time the life of n hosted
// services takes than that of the same constructors as hooks of plain fx. The two are
// run in turn, so that whatever else the machine does meets both.
func BenchmarkLife(b *testing.B) {
	makers := thousand()
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var times [2]time.Duration
			for b.Loop() {
				for _, v := range []variant{asService, asHook} {
					times[v] += life(b, makers[:n], v)
				}
			}
			b.ReportMetric(float64(times[asService])/float64(b.N)/float64(n), "ns/service")
			b.ReportMetric(float64(times[asHook])/float64(b.N)/float64(n), "ns/hook")
			b.ReportMetric(float64(times[asService])/float64(times[asHook]), "ratio")
		})
	}
}

type idle struct{ background.BackgroundService }

func (*idle) ExecuteAsync(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

func idleServices(n int) []fx.Option {
	all := make([]fx.Option, n)
	for i := range all {
		all[i] = hosted.AddInstance(&idle{}, hosted.Name(fmt.Sprint("idle", i)))
	}
	return all
}

// BenchmarkIdle starts and stops 10,000 background services that do nothing,
// and prints what one of them costs while it runs.
func BenchmarkIdle(b *testing.B) {
	const n = 10_000
	for name, options := range map[string]hosted.Options{
		"sequentially": {},
		"concurrently": {ServicesStartConcurrently: true, ServicesStopConcurrently: true},
	} {
		b.Run(name, func(b *testing.B) {
			var bytes, goroutines float64
			var took time.Duration
			for b.Loop() {
				runner, err := lifetest.New(nil, options, idleServices(n)...)
				if err != nil {
					b.Fatal(err)
				}
				memory, count := inUse(), runtime.NumGoroutine()
				begin := time.Now()
				if err := runner.Start(context.Background()); err != nil {
					b.Fatal(err)
				}
				took += time.Since(begin)
				bytes += float64(inUse() - memory)
				goroutines += float64(runtime.NumGoroutine() - count)
				begin = time.Now()
				if err := runner.Stop(context.Background()); err != nil {
					b.Fatal(err)
				}
				took += time.Since(begin)
			}
			b.ReportMetric(bytes/float64(b.N)/n, "B/service")
			b.ReportMetric(goroutines/float64(b.N)/n, "goroutines/service")
			b.ReportMetric(took.Seconds()/float64(b.N), "s/start+stop")
		})
	}
}

// inUse is what the heap and the stacks hold.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc + stats.StackInuse)
}
