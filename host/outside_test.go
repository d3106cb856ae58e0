package host_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

// strangeLifetime is a Lifetime that breaks its contract.
type strangeLifetime struct {
	wait func(ctx context.Context) error
	stop func(ctx context.Context) error
}

func (l *strangeLifetime) WaitForStart(ctx context.Context, _ func(error)) error {
	if l.wait == nil {
		return nil
	}
	return l.wait(ctx)
}

func (l *strangeLifetime) Stop(ctx context.Context, _ error) error {
	if l.stop == nil {
		return nil
	}
	return l.stop(ctx)
}

// Rule 14: a Lifetime can neither take Run down nor hold it.
func TestALifetimeThatBreaksItsContract(t *testing.T) {
	t.Parallel()
	panics := func(context.Context) error { panic("oops") }
	for name, test := range map[string]struct {
		lifetime strangeLifetime
		want     string
		took     time.Duration
	}{
		"Stop panics":         {strangeLifetime{stop: panics}, "host: *host_test.strangeLifetime.Stop: panic: oops", time.Second},
		"WaitForStart panics": {strangeLifetime{wait: panics}, "host: *host_test.strangeLifetime.WaitForStart: panic: oops", 0},
		"Stop hangs": {
			strangeLifetime{stop: func(context.Context) error { time.Sleep(24 * time.Hour); return nil }},
			"host: *host_test.strangeLifetime.Stop: 1s lifetime stop timeout reached, left behind", 2*time.Second + 100*time.Millisecond,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(48 * time.Hour) // for what was left behind
				builder, _ := hosttest.NewBuilder(t, nil, background.Func("w", untilEnded))
				builder.UseLifetime(&test.lifetime)
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				end := <-runIt(ctx, builder)
				if end.err == nil || end.err.Error() != test.want || end.at != test.took {
					t.Errorf("got %v after %v", end.err, end.at)
				}
			})
		})
	}
}

// RN-2: the end of Run's context is a normal end at any time.
func TestTheContextEndsWhileTheLifetimeWaits(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]func(context.Context) error{
		"honours it": untilEnded,
		"ignores it": func(context.Context) error { time.Sleep(time.Hour); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				defer time.Sleep(2 * time.Hour)
				builder, logs := hosttest.NewBuilder(t, nil)
				builder.UseLifetime(&strangeLifetime{wait: wait})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if end := <-runIt(ctx, builder); end.err != nil {
					t.Errorf("got %v after %v", end.err, end.at)
				}
				if logs.FilterLevelExact(zapcore.ErrorLevel).Len() > 0 {
					t.Errorf("records %v", logs.All())
				}
			})
		})
	}
}

// A Lifetime that begins after it was left behind is told that there is nothing.
func TestALifetimeThatBeginsLateIsStopped(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		stops int32
	}{"began": {nil, 1}, "failed": {errors.New("no console"), 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var stops atomic.Int32
				builder, _ := hosttest.NewBuilder(t, nil)
				builder.UseLifetime(&strangeLifetime{
					wait: func(context.Context) error { time.Sleep(time.Hour); return test.err },
					stop: func(ctx context.Context) error { stops.Add(1); return ctx.Err() },
				})
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if end := <-runIt(ctx, builder); end.err != nil {
					t.Errorf("got %v", end.err)
				}
				if stops.Load() != 0 {
					t.Error("stopped before it had begun")
				}
				time.Sleep(2 * time.Hour)
				if stops.Load() != test.stops {
					t.Errorf("Stop was called %d times, want %d", stops.Load(), test.stops)
				}
			})
		})
	}
}

// Rule 10: a deployment must not go on when its migration was cut short.
func TestWorkThatIsCutShortIsAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(ctx context.Context, stop func(error), cancel func()) // of the run
		text string
		code int
	}{
		"signal":  {func(_ context.Context, stop func(error), _ func()) { stop(hosted.StopSignal{Signal: syscall.SIGTERM}) }, "terminated signal received", 143},
		"reason":  {func(_ context.Context, stop func(error), _ func()) { stop(nil) }, "stop requested by the host's lifetime", 1},
		"context": {func(_ context.Context, _ func(error), cancel func()) { cancel() }, "context canceled", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var j journal
				outside := &lifetime{journal: &j}
				builder, logs := hosttest.NewBuilder(t, nil,
					background.Func("migrate", untilEnded), background.Func("done", func(context.Context) error { return nil }),
					hosttest.With(func(b *host.Builder) {
						b.UseLifetime(outside)
						b.ConfigureOptions(func(o *host.Options) { o.StopWhenDone = true })
					}))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				result := runIt(ctx, builder)
				synctest.Wait()
				test.end(ctx, outside.stop, cancel)
				err := (<-result).err

				want := fmt.Sprintf(`host: stopped before its work was done (%s): services ["migrate"]`, test.text)
				if err == nil || err.Error() != want || !errors.Is(err, hosted.ErrUnfinished) {
					t.Errorf("got  %v\nwant %s", err, want)
				}
				if code := host.ExitCode(err); code != test.code {
					t.Errorf("exit code %d, want %d", code, test.code)
				}
				if logs.FilterMessage("work cut short").Len() != 1 {
					t.Errorf("records %v", logs.All())
				}
			})
		})
	}
}

// The same signal is a normal end of a host that goes on by itself, and so is a
// stop that the program decides on.
func TestOnlyWorkCanBeCutShort(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		done bool
		stop func(outside *lifetime, life *hosted.ApplicationLifetime)
	}{
		"no StopWhenDone": {false, func(outside *lifetime, _ *hosted.ApplicationLifetime) {
			outside.stop(hosted.StopSignal{Signal: syscall.SIGINT})
		}},
		"own decision": {true, func(_ *lifetime, life *hosted.ApplicationLifetime) { life.StopApplication(nil) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var j journal
				var life *hosted.ApplicationLifetime
				outside := &lifetime{journal: &j}
				builder, _ := hosttest.NewBuilder(t, nil, background.Func("w", untilEnded), fx.Populate(&life))
				builder.UseLifetime(outside)
				builder.ConfigureOptions(func(o *host.Options) { o.StopWhenDone = test.done })
				result := runIt(t.Context(), builder)
				synctest.Wait()
				test.stop(outside, life)
				if err := (<-result).err; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestANilContextIsAnError(t *testing.T) {
	t.Parallel()
	h := hosttest.New(t, nil)
	for name, call := range map[string]func(context.Context) error{
		"Start": h.Start, "Stop": h.Stop, "Run": h.Run, "WaitForShutdown": h.WaitForShutdown,
	} {
		err := call(nil)
		if err == nil || !strings.HasPrefix(err.Error(), "host: Host."+name+" at ") ||
			!strings.Contains(err.Error(), "outside_test.go:") || !strings.HasSuffix(err.Error(), "give it context.Background()") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := h.Start(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAHostWithNothingToRunIsWarnedOf(t *testing.T) {
	t.Parallel()
	const message = "host has nothing to run: add a service with hosted.AddHostedService"
	empty := hosttest.Start(t, nil)
	service := hosttest.Start(t, nil, background.Func("w", untilEnded))
	hook := hosttest.Start(t, nil, fx.Invoke(func(l fx.Lifecycle) { l.Append(fx.StopHook(func() {})) }))
	if empty.Logs.FilterMessage(message).Len() != 1 || service.Logs.FilterMessage(message).Len() != 0 ||
		hook.Logs.FilterMessage(message).Len() != 0 {
		t.Errorf("records %v\n%v\n%v", empty.Logs.All(), service.Logs.All(), hook.Logs.All())
	}
}

// A test can look at the text that a user would see.
func TestHosttestShowsFormattedRecords(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	h := hosttest.Start(t, hosttest.Settings{"Logging:Console:FormatterName": "json"},
		hosttest.With(func(b *host.Builder) { b.Logging.Output = zapcore.AddSync(&text) }))
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(text.String(), `"host started"`) || h.Logs.FilterMessage("host started").Len() != 1 {
		t.Errorf("text %s\nrecords %v", &text, h.Logs.All())
	}
}

// A second Run is told to the observer, not to the stderr of the test.
func TestASecondRunIsLoggedToTheObserver(t *testing.T) {
	t.Parallel()
	builder, logs := hosttest.NewBuilder(t, nil)
	if _, err := builder.Build(); err != nil {
		t.Fatal(err)
	}
	if err := builder.Run(t.Context()); !errors.Is(err, host.ErrBuilt) {
		t.Errorf("error %v", err)
	}
	if logs.FilterMessage("host build failed").Len() != 1 {
		t.Errorf("records %v", logs.All())
	}
}
