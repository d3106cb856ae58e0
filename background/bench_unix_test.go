//go:build unix

package background_test

import (
	"context"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/lifetest"
)

// BenchmarkWaitingJobs measures what a hundred thousand jobs cost that wait: memory
// and goroutines, the processor time of a second, and how long they take to start
// and to stop. "alone" are the jobs; "host" has what package hosted and fx keep of
// each service, too.
func BenchmarkWaitingJobs(b *testing.B) {
	const n = 100_000
	b.Run("alone", func(b *testing.B) {
		for b.Loop() {
			services := make([]hosted.HostedService, 0, n)
			measureJobs(b, n, func(service hosted.HostedService, _ string) { services = append(services, service) },
				func(ctx context.Context) error {
					for _, service := range services {
						if err := service.StartAsync(ctx); err != nil {
							return err
						}
					}
					return nil
				},
				func(ctx context.Context) error {
					for _, service := range services {
						if err := service.StopAsync(ctx); err != nil {
							return err
						}
					}
					return nil
				})
		}
	})
	b.Run("host", func(b *testing.B) {
		for b.Loop() {
			options := make([]fx.Option, 0, n)
			var app *lifetest.Application
			measureJobs(b, n, func(service hosted.HostedService, name string) {
				options = append(options, hosted.AddInstance(service, hosted.Name(name)))
			},
				func(ctx context.Context) (err error) {
					if app, err = lifetest.New(nil, hosted.Options{}, options...); err != nil {
						return err
					}
					options = nil
					begin := time.Now()
					defer func() { b.ReportMetric(float64(time.Since(begin).Milliseconds()), "host-start-ms") }()
					return app.Start(ctx)
				},
				func(ctx context.Context) error { return app.Stop(ctx) })
		}
	})
}

func measureJobs(b *testing.B, n int, add func(service hosted.HostedService, name string), start, stop func(context.Context) error) {
	b.Helper()
	var jobs *background.Jobs
	if _, err := lifetest.New(nil, hosted.Options{}, background.Module(), fx.Populate(&jobs)); err != nil {
		b.Fatal(err)
	}
	goroutines, empty := runtime.NumGoroutine(), heap()
	run := func() {}
	for i := range n {
		name := fmt.Sprint("job ", i)
		// The first runs come after the measurement.
		service, err := jobs.NewService(name, run, background.Every(10*time.Second), background.InitialDelay(time.Minute))
		if err != nil {
			b.Fatal(err)
		}
		add(service, name)
	}
	begin := time.Now()
	if err := start(b.Context()); err != nil {
		b.Fatal(err)
	}
	started := time.Since(begin)
	b.ReportMetric(float64(heap()-empty)/float64(n), "B/job")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines")
	idle := processor()
	time.Sleep(5 * time.Second)
	b.ReportMetric(float64((processor()-idle).Microseconds())/5/1000, "idle-ms/s")
	begin = time.Now()
	if err := stop(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(started.Milliseconds()), "start-ms")
	b.ReportMetric(float64(time.Since(begin).Milliseconds()), "stop-ms")
}

// heap is what lies on the heap and is in use.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func processor() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
