//go:build linux

package systemd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/host/systemd"
	"github.com/fxhost/fxhost/hosted"
)

// newBuilder has no files, and its records are observed.
func newBuilder(use []systemd.Option, options ...fx.Option) (*host.Builder, *observer.ObservedLogs) {
	builder := host.NewEmptyBuilder()
	core, logs := observer.New(zap.InfoLevel)
	builder.Logging.Output = zapcore.AddSync(&bytes.Buffer{})
	builder.Logging.Options = []zap.Option{zap.WrapCore(func(zapcore.Core) zapcore.Core { return core })}
	systemd.Use(builder, use...)
	builder.Add(options...)
	return builder, logs
}

// build builds a host without services, which is stopped at the end of the test.
func build(t *testing.T, use ...systemd.Option) *systemd.Notifier {
	t.Helper()
	var notifier *systemd.Notifier
	builder, _ := newBuilder(use, fx.Populate(&notifier))
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, h) })
	return notifier
}

func stop(t *testing.T, h *host.Host) {
	t.Helper()
	if err := h.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

func mustBuild(t *testing.T, builder *host.Builder) *host.Host {
	t.Helper()
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func after(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error { return sleep(ctx, d) }
}

func TestSystemdLearnsOfTheWholeLife(t *testing.T) {
	m := listen(t, "")
	synctest.Test(t, func(t *testing.T) {
		builder, _ := newBuilder(nil,
			// Not at a time at which the host looks.
			named("database", after(1030*time.Millisecond), nil),
			named("orders", after(1020*time.Millisecond), after(2030*time.Millisecond)))
		h := mustBuild(t, builder)
		if os.Getenv("NOTIFY_SOCKET") != "" {
			t.Error("children inherit the socket")
		}
		want(t, m.received(t), "STATUS=constructing")
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		const more = "EXTEND_TIMEOUT_USEC=30000000\n"
		want(t, m.received(t),
			more+"STATUS=starting database (1/2)",
			more+"STATUS=starting orders (2/2)",
			"READY=1\nSTATUS=running, 2 services")
		time.Sleep(time.Hour)
		want(t, m.received(t)) // nothing has changed
		stop(t, h)
		want(t, m.received(t),
			"STOPPING=1\nSTATUS=stopping",
			more+"STATUS=stopping, waiting for orders",
			"STATUS=stopped")
	})
}

func TestAHungStartGetsNoMoreTime(t *testing.T) {
	m := listen(t, "")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour+30*time.Millisecond) // not at a time at which the host looks
		defer cancel()
		builder, _ := newBuilder([]systemd.Option{systemd.ExtendTimeout(5 * time.Second)},
			named("quick", after(1030*time.Millisecond), nil), named("hung", after(2*time.Hour), nil))
		if err := mustBuild(t, builder).Start(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		got := m.received(t)
		want(t, got[:4], "STATUS=constructing",
			"EXTEND_TIMEOUT_USEC=5000000\nSTATUS=starting quick (1/2)",
			"EXTEND_TIMEOUT_USEC=5000000\nSTATUS=starting hung (2/2)",
			"STOPPING=1\nSTATUS=stopping")
		want(t, got[len(got)-1:], "STATUS=failed, see the log")
	})
}

func TestTheDrainIsTold(t *testing.T) {
	p := run(t, "plain", "drainDelaySeconds=2")
	p.manager.wait(t, "READY=1")
	p.signal(t, os.Interrupt)
	p.manager.wait(t, "STOPPING=1\nEXTEND_TIMEOUT_USEC=32000000\nSTATUS=draining 2s")
	p.manager.wait(t, "STATUS=draining 1s")
	p.manager.wait(t, "STATUS=stopped")
	p.end(t, 0)
}

func TestTheWatchdogIsFedAtHalfItsTimeWhileTheHostIsLive(t *testing.T) {
	m := listen(t, "")
	t.Setenv("WATCHDOG_USEC", "10000000")
	t.Setenv("WATCHDOG_PID", fmt.Sprint(os.Getpid()))
	synctest.Test(t, func(t *testing.T) {
		var sick atomic.Pointer[error]
		live := func() error {
			if err := sick.Load(); err != nil {
				return *err
			}
			return nil
		}
		builder, logs := newBuilder([]systemd.Option{systemd.Live(live)}, named("slow", after(time.Minute), nil))
		h := mustBuild(t, builder)
		if os.Getenv("WATCHDOG_USEC") != "" || os.Getenv("WATCHDOG_PID") != "" {
			t.Error("children inherit the watchdog")
		}
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		fed := func(d time.Duration) (n int) {
			time.Sleep(d)
			synctest.Wait()
			for _, message := range m.all(t) {
				if message == "WATCHDOG=1" {
					n++
				}
			}
			return n
		}
		if n := fed(time.Second); n != 0 {
			t.Errorf("fed %d times at the start, want half of the time later", n)
		}
		if n := fed(50 * time.Second); n != 10 {
			t.Errorf("fed %d times in 50 s, want each 5 s", n)
		}
		for i, err := range []error{errors.New("no longer"), errors.New("still not")} {
			sick.Store(&err)
			if n := fed(50 * time.Second); n != 0 {
				t.Errorf("fed %d times while the host is not live", n)
			}
			if n := logs.FilterMessage("host is not live: watchdog of systemd not fed").Len(); n != 1 {
				t.Errorf("%d records after %d checks", n, i)
			}
		}
		sick.Store(nil)
		if n := fed(50 * time.Second); n != 10 {
			t.Errorf("fed %d times after the host is live again", n)
		}
		if n := logs.FilterMessage("host is live again").Len(); n != 1 {
			t.Errorf("%d records", n)
		}
		stop(t, h)
	})
}

func TestAStalledServiceIsNotLive(t *testing.T) {
	m := listen(t, "")
	t.Setenv("WATCHDOG_USEC", "2000000")
	synctest.Test(t, func(t *testing.T) {
		builder, _ := newBuilder(nil, background.Func("poller", func(ctx context.Context) error {
			background.Beat(ctx)
			<-ctx.Done()
			return nil
		}, hosted.StallTimeout(10*time.Second)))
		h := mustBuild(t, builder)
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		last := ""
		for _, message := range m.received(t) {
			last = message
		}
		want(t, []string{last}, "STATUS=running, 0 of 1 services; poller stalled; not live, see the log")
		time.Sleep(time.Minute)
		want(t, m.all(t))
		stop(t, h)
	})
}

// What fails the probe for liveness ends the messages to the watchdog.
func TestTheProbeForLivenessDecides(t *testing.T) {
	m := listen(t, "")
	t.Setenv("WATCHDOG_USEC", "2000000")
	synctest.Test(t, func(t *testing.T) {
		var sick atomic.Bool
		builder, logs := newBuilder(nil, named("service", nil, nil), health.Use(),
			health.AddCheckFunc("engine", func(context.Context) error {
				if sick.Load() {
					return errors.New("seized")
				}
				return nil
			}, health.Tags(health.Live), health.Interval(time.Second)))
		h := mustBuild(t, builder)
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if !slices.Contains(m.all(t), "WATCHDOG=1") {
			t.Error("not fed")
		}
		sick.Store(true)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		m.all(t)
		time.Sleep(time.Minute)
		synctest.Wait()
		want(t, m.all(t))
		if n := logs.FilterMessage("host is not live: watchdog of systemd not fed").Len(); n != 1 {
			t.Errorf("%d records", n)
		}
		stop(t, h)
	})
}

func TestAHungOrPanickingCheckIsNotLive(t *testing.T) {
	for name, live := range map[string]func() error{
		"hung":  func() error { time.Sleep(time.Hour); return nil },
		"panic": func() error { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			m := listen(t, "")
			t.Setenv("WATCHDOG_USEC", "2000000")
			synctest.Test(t, func(t *testing.T) {
				builder, _ := newBuilder([]systemd.Option{systemd.Live(live)})
				h := mustBuild(t, builder)
				if err := h.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				for _, message := range m.all(t) {
					if message == "WATCHDOG=1" {
						t.Error("fed")
					}
				}
				err := h.Stop(t.Context())
				if name == "hung" {
					const want = "has not returned: 1s lifetime stop timeout reached"
					if err == nil || !strings.Contains(err.Error(), want) {
						t.Errorf("error %v, want %s", err, want)
					}
				} else if err != nil {
					t.Error(err)
				}
				time.Sleep(2 * time.Hour) // it returns after all
			})
		})
	}
}

func TestAWatchdogThatCannotBeIsTold(t *testing.T) {
	const notFed = "watchdog of systemd not fed"
	for _, c := range []struct{ usec, pid, warning string }{
		{"soon", "", notFed},
		{"0", "", notFed},
		{"-1", "", notFed},
		{"18446744073709551615", "", notFed},
		{"1000", "", "watchdog of systemd is too short for a busy machine: set WatchdogSec to a second or more"},
		{"2000000", "1", ""}, // of the parent
	} {
		t.Run(c.usec, func(t *testing.T) {
			m := listen(t, "")
			t.Setenv("WATCHDOG_USEC", c.usec)
			t.Setenv("WATCHDOG_PID", c.pid)
			synctest.Test(t, func(t *testing.T) {
				builder, logs := newBuilder(nil, named("service", nil, nil))
				h := mustBuild(t, builder)
				if err := h.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(100 * time.Millisecond)
				synctest.Wait()
				fed := len(m.all(t))
				stop(t, h)
				if fed := fed > 100; fed != (c.usec == "1000") {
					t.Errorf("fed: %v", fed)
				}
				warnings := logs.FilterLevelExact(zap.WarnLevel).All()
				if c.warning == "" && len(warnings) > 0 || c.warning != "" && (len(warnings) != 1 || warnings[0].Message != c.warning) {
					t.Errorf("warnings %v, want %q", warnings, c.warning)
				}
			})
		})
	}
}

func TestASocketThatIsNotThereIsAWarning(t *testing.T) {
	for _, address := range []string{"/nowhere/notify", "@nowhere/at/all", "vsock:2:1234"} {
		t.Setenv("NOTIFY_SOCKET", address)
		synctest.Test(t, func(t *testing.T) {
			builder, logs := newBuilder(nil, named("service", after(time.Second), nil))
			h := mustBuild(t, builder)
			if err := h.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			stop(t, h)
			if n := logs.FilterMessage("systemd not notified").FilterLevelExact(zap.WarnLevel).Len(); n != 1 {
				t.Errorf("%s: %d warnings", address, n)
			}
		})
	}
}

func TestAnAbstractSocket(t *testing.T) {
	m := listen(t, fmt.Sprintf("@fxhost/test/%d", os.Getpid()))
	synctest.Test(t, func(t *testing.T) {
		builder, _ := newBuilder(nil, named("service", nil, nil))
		h := mustBuild(t, builder)
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		stop(t, h)
		// Between them, the host may look, or not.
		got := slices.DeleteFunc(m.received(t), func(message string) bool {
			return !strings.Contains(message, "READY=1") && !strings.Contains(message, "STOPPING=1") &&
				message != "STATUS=constructing" && message != "STATUS=stopped"
		})
		want(t, got, "STATUS=constructing", "READY=1\nSTATUS=running, 1 service",
			"STOPPING=1\nSTATUS=stopping", "STATUS=stopped")
	})
}

func TestAStatusIsOneLineOfABoundedLength(t *testing.T) {
	m := listen(t, "")
	synctest.Test(t, func(t *testing.T) {
		builder, _ := newBuilder(nil, named("evil\nREADY=1\xff", after(1030*time.Millisecond), nil),
			named(strings.Repeat("long", 2000), after(1020*time.Millisecond), nil))
		h := mustBuild(t, builder)
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		got := m.received(t)
		want(t, got[1:2], "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=starting evil\\nREADY=1? (1/2)")
		if len(got[2]) > 600 {
			t.Errorf("%d bytes", len(got[2]))
		}
		stop(t, h)
	})
}

func TestABuildThatFailsIsTold(t *testing.T) {
	m := listen(t, "")
	builder, _ := newBuilder(nil, fx.Invoke(func() error { return errors.New("password is 12345") }))
	if err := builder.Run(t.Context()); err == nil {
		t.Error("no error")
	}
	want(t, m.received(t), "STATUS=constructing", "STOPPING=1\nSTATUS=stopping", "STATUS=failed, see the log")
}

func TestWrongOptionsFailTheBuild(t *testing.T) {
	for _, c := range []struct {
		option systemd.Option
		want   string
	}{
		{nil, "systemd: Use: option 1 is nil"},
		{systemd.Live(nil), "systemd: Live: the function is nil"},
		{systemd.ExtendTimeout(0), "systemd: ExtendTimeout: 0s: want more than zero"},
	} {
		builder, _ := newBuilder([]systemd.Option{c.option, systemd.Active(false)})
		if err := builder.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %s", err, c.want)
		}
	}
}
