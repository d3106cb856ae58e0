package hosttest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reminder logs once a minute.
type reminder struct {
	background.BackgroundService
	log *zap.Logger
}

func newReminder(log *zap.Logger) *reminder { return &reminder{log: log} }

func (r *reminder) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(time.Minute)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		r.log.Info("drink water")
	}
	return nil
}

// An hour of a host takes no time, and the cleanup of the test stops it.
func TestAnHourOfReminders(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Start(t, nil, hosted.AddHostedService[*reminder](newReminder))
		time.Sleep(time.Hour + time.Second)
		if n := h.Logs.FilterMessage("drink water").FilterLoggerName("hosttest_test.reminder").Len(); n != 60 {
			t.Errorf("reminded %d times", n)
		}
	})
}

func TestSettingsReachTheHost(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, hosttest.Settings{"Logging:LogLevel:fxhost": "Error"})
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if n := h.Logs.FilterLoggerName("fxhost").Len(); n != 0 {
		t.Errorf("%d records", n)
	}
}

// recorder is a testing.TB that notes failures instead of failing.
type recorder struct {
	testing.TB
	errs     []any
	cleanups []func()
}

func (r *recorder) Helper()                      {}
func (r *recorder) Cleanup(f func())             { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Error(args ...any)            { r.errs = append(r.errs, args...) }
func (r *recorder) Errorf(_ string, args ...any) { r.errs = append(r.errs, args...) }

func TestAHostThatFailsToStopFailsTheTest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{TB: t}
		broken := errors.New("broken")
		hosttest.Start(r, nil, background.Func("broken", func(ctx context.Context) error {
			<-ctx.Done()
			return broken
		}))
		for _, cleanup := range r.cleanups {
			cleanup()
		}
		if len(r.errs) != 1 || !errors.Is(r.errs[0].(error), broken) {
			t.Errorf("got %v", r.errs)
		}
	})
}

func TestValidateFailsTheTest(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	hosttest.Validate(r, nil, hosted.AddHostedService[*reminder](nil))
	if len(r.errs) != 1 {
		t.Errorf("got %v", r.errs)
	}
}

func (r *recorder) Fatal(args ...any) {
	r.errs = append(r.errs, args...)
	runtime.Goexit()
}

type workerOptions struct{ Interval time.Duration }

// The test would pass with the default, and for the wrong reason.
func TestASettingThatNothingReadsFailsTheTest(t *testing.T) {
	t.Parallel()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		hosttest.New(r, hosttest.Settings{"Wrker:Interval": "5s", "Logging:LogLevel:Default": "Warning"},
			config.Configure[workerOptions]("Worker"))
	}()
	<-done
	const want = `host: build: config: Wrker:Interval: nothing in the program reads this setting (settings of the test); ` +
		`did you mean "Worker:Interval"?`
	if len(r.errs) != 1 || fmt.Sprint(r.errs[0]) != want {
		t.Errorf("got  %v\nwant %s", r.errs, want)
	}
	hosttest.New(t, hosttest.Settings{"Worker": map[string]any{"Interval": "5s"}}, config.Configure[workerOptions]("Worker"))
	hosttest.New(t, hosttest.Settings{"Wrker:Interval": "5s"}, hosttest.With(func(b *host.Builder) {
		b.ConfigureOptions(func(o *host.Options) { o.AllowUnreadSettings = true })
	}))
}

// What fx says about each constructor hides what a test looks for.
func TestTheRecordsOfFxAreThereIfAskedFor(t *testing.T) {
	t.Parallel()
	plain := hosttest.Start(t, nil).Logs
	asked := hosttest.Start(t, hosttest.Settings{"Logging:LogLevel:fxhost.fx": "Debug"}).Logs
	if plain.FilterLoggerName("fxhost.fx").Len() != 0 || plain.FilterMessage("host started").Len() != 1 {
		t.Errorf("records %v", plain.All())
	}
	if asked.FilterLoggerName("fxhost.fx").Len() == 0 {
		t.Errorf("records %v", asked.All())
	}
}
