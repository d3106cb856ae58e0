package hosted_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted"
)

// Rule 1: a hook has its place where its constructor ran.
func TestHooksJoinTheWalkOfTheServices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.hook("database", works, works), a.full("a", nil), a.hook("metrics", works, works), a.plain("b", nil))

		a.start(t)
		a.want(t, "a starting, database start, a start, metrics start, b start, a started")
		a.stop(t)
		a.want(t, "a stopping, b stop, metrics stop, a stop, database stop, a stopped")
	})
}

type client struct{}

type consumer struct{ plain }

// The hook of a constructor comes before the service that needs it first, also
// if the constructor is provided after the service.
func TestHookOfADependencyComesBeforeTheService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t,
			hosted.AddHostedService[*consumer](func(*client) *consumer {
				return &consumer{plain{name: "consumer", journal: a.journal}}
			}),
			fx.Provide(func(l fx.Lifecycle) *client {
				l.Append(fx.StartStopHook(func() { a.note("client start") }, func() { a.note("client stop") }))
				return &client{}
			}),
		)
		a.start(t)
		a.want(t, "client start, consumer start")
		a.stop(t)
		a.want(t, "consumer stop, client stop")
	})
}

func TestHookMayHaveOneHalfOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.hook("neither", nil, nil), a.hook("start only", works, nil), a.hook("stop only", nil, works))
		a.start(t)
		a.stop(t)
		a.want(t, "start only start, stop only stop")
	})
}

// As fx does: without OnStart, a hook counts as started when its turn has come.
func TestHookWithoutOnStartIsStoppedByARollbackOnlyIfItsTurnHadCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.hook("before", nil, works), a.plain("a", steps{"start": fails}), a.hook("after", nil, works))
		_ = a.Start(t.Context())
		a.want(t, "a start, a stop, before stop")
	})
}

// Rule 11: a hook is named by the function that appended it, and its line.
func TestErrorOfAHookNamesWhoAppendedIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, fx.Invoke(appendBrokenHook))

		err := a.Start(t.Context())

		var failed *hosted.ServiceError
		if !errors.As(err, &failed) || !failed.Hook || failed.Phase != "start" ||
			!strings.HasPrefix(failed.Service, "hosted_test.appendBrokenHook (") ||
			!strings.Contains(failed.Service, "hook_test.go:") {
			t.Errorf("error %v", err)
		}
		if !strings.HasPrefix(err.Error(), `host: start hook "hosted_test.appendBrokenHook (`) {
			t.Errorf("error %v", err)
		}
		if got := a.logged("service failed"); len(got) != 1 || got[0]["hook"] != failed.Service {
			t.Errorf("service failed: %v", got)
		}
	})
}

func appendBrokenHook(l fx.Lifecycle) { l.Append(fx.Hook{OnStart: fails}) }

// Rule 8, F10.
func TestPanicOfAHookIsAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.hook("first", works, panics), a.hook("second", exits, works))

		err := a.Start(t.Context())

		var panicked *hosted.PanicError
		if !errors.As(err, &panicked) || !strings.Contains(err.Error(), "goroutine exited") {
			t.Errorf("error %v", err)
		}
		a.want(t, "first start, second start, second stop, first stop")
	})
}

// Rule 6: hooks are bounded as services are.
func TestHookThatHangsIsLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{ShutdownTimeout: time.Second})
		a.build(t, a.hook("first", works, works), a.hook("second", works, hangs(t)))
		a.start(t)

		begin := time.Now()
		err := a.Stop(t.Context())

		wantTook(t, begin, time.Second+wait)
		var failed *hosted.ServiceError
		if !errors.As(err, &failed) || !failed.Hook || !strings.HasSuffix(err.Error(), "1s shutdown timeout reached, left behind") {
			t.Errorf("error %v", err)
		}
		a.want(t, "first start, second start, second stop, first stop")
	})
}

// F9: fx would never run it.
func TestHookAppendedAfterTheStartStopsTheHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		var lifecycle fx.Lifecycle
		a.build(t, fx.Populate(&lifecycle), a.plain("a", nil))
		a.start(t)

		lifecycle.Append(fx.Hook{OnStop: works})
		<-a.Lifetime().StopRequested()

		err := a.Stop(t.Context())
		if err == nil || !strings.Contains(err.Error(), "hook_test.go:") || !strings.Contains(err.Error(), "append it in a constructor") {
			t.Errorf("error %v", err)
		}
		a.want(t, "a start, a stop")
	})
}

// F9, during the start.
func TestHookAppendedDuringTheStartEndsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		var lifecycle fx.Lifecycle
		a.build(t, fx.Populate(&lifecycle), a.plain("a", steps{"start": func(context.Context) error {
			lifecycle.Append(fx.Hook{OnStart: works})
			return nil
		}}), a.plain("b", nil))

		err := a.Start(t.Context())

		if err == nil || !strings.Contains(err.Error(), "append it in a constructor") {
			t.Errorf("error %v", err)
		}
		a.want(t, "a start, a stop")
	})
}

// F13: the first call decides, also on the exit code, and no call fails.
func TestShutdownerStopsTheHost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for code, want := range map[int]string{0: "fx.Shutdowner called", 3: "host: fx.Shutdowner called with exit code 3"} {
			a := newApplication(hosted.Options{})
			var shutdowner fx.Shutdowner
			a.build(t, fx.Populate(&shutdowner))
			a.start(t)

			for _, next := range []int{code, 7, 0} {
				if err := shutdowner.Shutdown(fx.ExitCode(next)); err != nil {
					t.Errorf("Shutdown: %v", err)
				}
			}

			wantText(t, a.Lifetime().Cause(), want)
			err := a.Stop(t.Context())
			var coder interface{ ExitCode() int }
			if errors.As(err, &coder) != (code != 0) || code != 0 && coder.ExitCode() != code {
				t.Errorf("code %d: error %v", code, err)
			}
		}
	})
}

// F13: also before the start, which then does not happen.
func TestShutdownerMayBeCalledBeforeTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", nil), fx.Invoke(func(s fx.Shutdowner) error { return s.Shutdown() }))
		wantIs(t, a.Start(t.Context()), hosted.ErrStopped)
		a.want(t, "")
	})
}

// Rule 5, for hooks: F2.
func TestHookThatStartsAfterItWasLeftBehindIsStopped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{StartupTimeout: time.Second})
		a.build(t, a.hook("slow", takes(time.Minute), works))

		if err := a.Start(t.Context()); err == nil || !strings.HasSuffix(err.Error(), "1s startup timeout reached, left behind") {
			t.Errorf("error %v", err)
		}
		a.want(t, "slow start")
		time.Sleep(time.Minute)
		synctest.Wait()
		a.want(t, "slow stop")
	})
}

// Hooks by annotation come from fx.Lifecycle, too.
func TestHooksByAnnotationAreTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, fx.Provide(fx.Annotate(func() *client { return &client{} },
			fx.OnStart(func(context.Context, *client) error {
				a.note("client start")
				return nil
			}),
			fx.OnStop(func(context.Context, *client) error {
				a.note("client stop")
				return errBroken
			}),
		)), fx.Invoke(func(*client) {}), a.plain("a", nil))
		a.start(t)
		a.want(t, "client start, a start")
		err := a.Stop(t.Context())
		a.want(t, "a stop, client stop")
		wantText(t, err, `host: stop hook "of fx.Annotate": broken`)
	})
}

// Done is for who waits for a stop that somebody else runs.
func TestDoneIsClosedWhenTheStopHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.plain("a", steps{"stop": func(context.Context) error {
			if closed(a.Done()) {
				t.Error("Done is closed before the stop has ended")
			}
			return nil
		}}))
		a.start(t)
		a.stop(t)
		if !closed(a.Done()) {
			t.Error("Done is open")
		}
	})
}

// Modules of fx get the same lifecycle.
func TestHooksOfModulesAreTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newApplication(hosted.Options{})
		a.build(t, a.hook("parent", works, works), fx.Module("child", a.hook("child", works, works)))
		a.start(t)
		a.stop(t)
		a.want(t, "child start, parent start, parent stop, child stop")
	})
}

// AL: a lifetime that belongs to nobody would call no callback and stop nothing.
func TestAReplacedLifetimeIsRefused(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fx.Option{
		"fx.Replace":  fx.Replace(&hosted.ApplicationLifetime{}),
		"fx.Decorate": fx.Decorate(func(*hosted.ApplicationLifetime) *hosted.ApplicationLifetime { return &hosted.ApplicationLifetime{} }),
		"Services":    fx.Replace(&hosted.Services{}),
	} {
		err := fx.New(fx.NopLogger, hosted.Module(), option).Err()
		if err == nil || !strings.Contains(err.Error(), "was replaced or decorated") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
