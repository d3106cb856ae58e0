package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

// journal notes what happened, in order.
type journal struct {
	mu      sync.Mutex
	entries []string
}

func (j *journal) add(entry string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
}

func (j *journal) check(t *testing.T, want ...string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Equal(j.entries, want) {
		t.Errorf("got  %q\nwant %q", j.entries, want)
	}
}

// noted is a service that notes its calls.
type noted struct {
	name        string
	journal     *journal
	start, stop func(ctx context.Context) error
}

func (n *noted) StartAsync(ctx context.Context) error {
	n.journal.add(n.name + " start")
	if n.start != nil {
		return n.start(ctx)
	}
	return nil
}

func (n *noted) StopAsync(ctx context.Context) error {
	n.journal.add(n.name + " stop")
	if n.stop != nil {
		return n.stop(ctx)
	}
	return nil
}

func (j *journal) service(name string) fx.Option {
	return hosted.AddInstance(&noted{name: name, journal: j}, hosted.Name(name))
}

// lifetime is an outside world for tests.
type lifetime struct {
	journal *journal
	gate    chan struct{}
	fail    error
	stop    func(error)
	ended   error
}

func (l *lifetime) WaitForStart(_ context.Context, stop func(error)) error {
	l.stop = stop
	l.journal.add("wait for start")
	if l.gate != nil {
		<-l.gate
	}
	return l.fail
}

func (l *lifetime) Stop(_ context.Context, err error) error {
	l.journal.add("lifetime stop")
	l.ended = err
	return nil
}

func untilEnded(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

// coded is an error with an exit code of its own.
type coded struct{}

func (coded) Error() string { return "no such tenant" }
func (coded) ExitCode() int { return 7 }

// ended runs builder and reports how and when it ended.
type ended struct {
	err error
	at  time.Duration
}

func runIt(ctx context.Context, builder *host.Builder) <-chan ended {
	result := make(chan ended, 1)
	begin := time.Now()
	go func() {
		err := builder.Run(ctx)
		result <- ended{err, time.Since(begin)}
	}()
	return result
}

// ST-3, SP-9, AL-8, RN-1: WaitForStart is before everything, Stop behind it.
func TestTheLifetimeBracketsTheLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		outside := &lifetime{journal: &j, gate: make(chan struct{})}
		builder, _ := hosttest.NewBuilder(t, nil,
			fx.Invoke(func(life *hosted.ApplicationLifetime) {
				j.add("construct")
				life.OnStarted(func(context.Context) { j.add("started") })
				life.OnStopping(func(context.Context) { j.add("stopping") })
				life.OnStopped(func(context.Context) { j.add("stopped") })
			}),
			j.service("a"))
		builder.UseLifetime(outside)
		result := runIt(t.Context(), builder)
		synctest.Wait()
		j.check(t, "wait for start")
		close(outside.gate)
		synctest.Wait()
		outside.stop(hosted.StopReason("the outside world says so"))
		if end := <-result; end.err != nil || outside.ended != nil {
			t.Errorf("got %v, lifetime got %v", end.err, outside.ended)
		}
		j.check(t, "wait for start", "construct", "a start", "started", "stopping", "a stop", "stopped", "lifetime stop")
	})
}

// ST-4: its error is that of Build, and no constructor has run.
func TestAFailedWaitForStartFailsBuild(t *testing.T) {
	t.Parallel()
	var j journal
	refused := errors.New("not now")
	builder, _ := hosttest.NewBuilder(t, nil, fx.Invoke(func() { j.add("construct") }))
	builder.UseLifetime(&lifetime{journal: &j, fail: refused})
	if _, err := builder.Build(); !errors.Is(err, refused) {
		t.Errorf("got %v", err)
	}
	j.check(t, "wait for start")
}

// ST-7, and the lifetime of a host that could not be built is stopped.
func TestAFailedBuildStopsTheLifetime(t *testing.T) {
	t.Parallel()
	var j journal
	outside := &lifetime{journal: &j}
	builder, logs := hosttest.NewBuilder(t, nil, j.service("a"),
		hosted.AddHostedService[*worker](newFailingWorker))
	builder.UseLifetime(outside)
	err := builder.Run(t.Context())
	if err == nil || !errors.Is(outside.ended, err) {
		t.Errorf("got %v, lifetime got %v", err, outside.ended)
	}
	j.check(t, "wait for start", "lifetime stop")
	if n := logs.FilterMessage("host build failed").Len(); n != 1 {
		t.Errorf("logged %d times", n)
	}
}

// A service manager has to know that the settings are wrong.
func TestTheLifetimeIsGivenTheErrorOfTheSettings(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(*host.Builder) error{
		"Run":   func(b *host.Builder) error { return b.Run(t.Context()) },
		"Build": func(b *host.Builder) error { _, err := b.Build(); return err },
	} {
		var j journal
		outside := &lifetime{journal: &j}
		builder, _ := hosttest.NewBuilder(t, map[string]any{"shutdownTimeoutSeconds": "soon"})
		builder.UseLifetime(outside)
		if err := run(builder); err == nil || !errors.Is(err, outside.ended) || outside.ended == nil {
			t.Errorf("%s: got %v, lifetime got %v", name, err, outside.ended)
		}
		j.check(t, "wait for start", "lifetime stop")
	}
	// One that cannot even wait adds its own reason.
	var j journal
	refused := errors.New("not now")
	builder, _ := hosttest.NewBuilder(t, map[string]any{"shutdownTimeoutSeconds": "soon"})
	builder.UseLifetime(&lifetime{journal: &j, fail: refused})
	if err := builder.Run(t.Context()); !errors.Is(err, refused) || !strings.Contains(err.Error(), "shutdownTimeoutSeconds") {
		t.Errorf("got %v", err)
	}
	j.check(t, "wait for start")
}

// A service manager has to know that the start has failed.
func TestTheLifetimeIsGivenTheFailureOfTheStart(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*host.Builder) error{
		"Run": func(b *host.Builder) error { return b.Run(t.Context()) },
		"Start": func(b *host.Builder) error {
			h, err := b.Build()
			if err != nil {
				return err
			}
			err = h.Start(t.Context())
			if again := h.Start(t.Context()); !errors.Is(again, hosted.ErrStopped) {
				t.Errorf("the second Start returns %v", again)
			}
			return err
		},
	} {
		var j journal
		outside := &lifetime{journal: &j}
		boom := errors.New("boom")
		builder, _ := hosttest.NewBuilder(t, nil,
			hosted.AddInstance(&noted{name: "bad", journal: &j, start: func(context.Context) error { return boom }}))
		builder.UseLifetime(outside)
		if err := start(builder); !errors.Is(err, boom) || !errors.Is(outside.ended, boom) {
			t.Errorf("%s: got %v, lifetime got %v", name, err, outside.ended)
		}
	}
}

// RN-2: the end of the context is a request, and the stop has its own budget.
func TestTheEndOfRunsContextIsANormalStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		slow := &noted{name: "slow", journal: &j, stop: func(ctx context.Context) error {
			select {
			case <-time.After(29 * time.Second):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		builder, _ := hosttest.NewBuilder(t, nil, hosted.AddInstance(slow))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if end := <-runIt(ctx, builder); end.err != nil || end.at != 89*time.Second {
			t.Errorf("got %v after %v", end.err, end.at)
		}
		j.check(t, "slow start", "slow stop")
	})
}

// RN-2 during the start: rolled back, and no error.
func TestTheEndOfRunsContextDuringTheStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		second := &noted{name: "second", journal: &j, start: untilEnded}
		builder, _ := hosttest.NewBuilder(t, nil, j.service("first"), hosted.AddInstance(second), j.service("third"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if end := <-runIt(ctx, builder); end.err != nil || end.at != time.Minute {
			t.Errorf("got %v after %v", end.err, end.at)
		}
		j.check(t, "first start", "second start", "second stop", "first stop")
	})
}

// What fails while a stop is asked for during the start is not lost.
func TestAFailureDuringACancelledStartIsRunsError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		boom := errors.New("boom")
		failing := &noted{name: "failing", journal: &j, start: func(context.Context) error { return boom }}
		deaf := &noted{name: "deaf", journal: &j, start: func(context.Context) error {
			time.Sleep(time.Hour)
			return nil
		}}
		builder, _ := hosttest.NewBuilder(t, hosttest.Settings{"servicesStartConcurrently": true},
			hosted.AddInstance(failing, hosted.Name("failing")), hosted.AddInstance(deaf, hosted.Name("deaf")))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		end := <-runIt(ctx, builder)
		if !errors.Is(end.err, boom) || !strings.Contains(end.err.Error(), `start service "deaf"`) || host.ExitCode(end.err) != 1 {
			t.Errorf("got %v", end.err)
		}
		time.Sleep(2 * time.Hour) // deaf starts after all, and is stopped
	})
}

// Only a bare StopReason is no failure.
func TestAReasonJoinedWithAFailureIsAFailure(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	var life *hosted.ApplicationLifetime
	builder, _ := hosttest.NewBuilder(t, nil, fx.Populate(&life), fx.Invoke(func(l *hosted.ApplicationLifetime) {
		l.OnStarted(func(context.Context) { l.StopApplication(errors.Join(full, hosted.StopReason("giving up"))) })
	}))
	if err := builder.Run(t.Context()); !errors.Is(err, full) {
		t.Errorf("got %v", err)
	}
}

// failures is an error that cannot be compared.
type failures []error

func (failures) Error() string { return "several" }

func TestACauseThatCannotBeComparedIsDrainedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		outside := &lifetime{journal: &j}
		builder, _ := hosttest.NewBuilder(t, hosttest.Settings{"drainDelaySeconds": 5})
		builder.UseLifetime(outside)
		result := runIt(t.Context(), builder)
		synctest.Wait()
		outside.stop(failures{})
		if end := <-result; end.err == nil || end.at != 5*time.Second {
			t.Errorf("got %v after %v", end.err, end.at)
		}
	})
}

// RN-3 as of .NET 11, BG-15, rule 9.
func TestRunReturnsTheFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		builder, logs := hosttest.NewBuilder(t, nil, background.Func("faulty", func(ctx context.Context) error {
			time.Sleep(time.Minute)
			return boom
		}))
		end := <-runIt(t.Context(), builder)
		if !errors.Is(end.err, boom) || end.err.Error() != `host: run service "faulty": boom` {
			t.Errorf("got %v", end.err)
		}
		if n := logs.FilterField(zap.Error(boom)).Len(); n != 1 {
			t.Errorf("the fault was logged %d times", n)
		}
	})
}

// RN-6, BG-12, rule 10.
func TestAHostWhoseLoopsHaveEndedGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Start(t, nil, background.Func("short", func(context.Context) error { return nil }))
		time.Sleep(time.Hour)
		select {
		case <-h.ApplicationLifetime().StopRequested():
			t.Error("a stop was asked for")
		default:
		}
		if status, _ := h.Services().Get("short"); status.State != hosted.StateCompleted {
			t.Errorf("state %v", status.State)
		}
	})
}

// Rule 10, .NET #40941.
func TestStopWhenDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		builder, _ := hosttest.NewBuilder(t, nil,
			background.Func("short", func(context.Context) error { return nil }),
			background.Func("long", func(context.Context) error { time.Sleep(time.Hour); return nil }))
		builder.ConfigureOptions(func(o *host.Options) { o.StopWhenDone = true })
		if end := <-runIt(t.Context(), builder); end.err != nil || end.at != time.Hour {
			t.Errorf("got %v after %v", end.err, end.at)
		}
	})
}

// Start and Stop by hand; Stop is idempotent, SP-11 differs.
func TestStartAndStopByHand(t *testing.T) {
	t.Parallel()
	var j journal
	h := hosttest.Start(t, nil, j.service("a"))
	if err := h.Start(t.Context()); !errors.Is(err, hosted.ErrAlreadyStarted) {
		t.Errorf("second start: %v", err)
	}
	for range 2 {
		if err := h.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := h.Start(t.Context()); !errors.Is(err, hosted.ErrStopped) {
		t.Errorf("start after stop: %v", err)
	}
	j.check(t, "a start", "a stop")
}

// RN-2, SP-14: somebody else may stop a host that waits.
func TestWaitForShutdownReturnsWhenSomebodyStops(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Start(t, hosttest.Settings{"drainDelaySeconds": 5})
		waited := make(chan error, 1)
		go func() { waited <- h.WaitForShutdown(t.Context()) }()
		synctest.Wait()
		if err := errors.Join(h.Stop(t.Context()), <-waited); err != nil {
			t.Error(err)
		}
	})
}

// A stop from outside waits for the drain delay, one from inside does not.
func TestDrainDelay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stop func(outside *lifetime, life *hosted.ApplicationLifetime)
		want time.Duration
	}{
		"outside": {func(outside *lifetime, _ *hosted.ApplicationLifetime) { outside.stop(nil) }, 5 * time.Second},
		"inside": {func(outside *lifetime, life *hosted.ApplicationLifetime) {
			life.StopApplication(nil)
			outside.stop(hosted.StopReason("too late"))
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var (
					j    journal
					life *hosted.ApplicationLifetime
				)
				outside := &lifetime{journal: &j}
				builder, _ := hosttest.NewBuilder(t, hosttest.Settings{"drainDelaySeconds": 5}, fx.Populate(&life))
				builder.UseLifetime(outside)
				result := runIt(t.Context(), builder)
				synctest.Wait()
				test.stop(outside, life)
				if end := <-result; end.err != nil || end.at != test.want {
					t.Errorf("got %v after %v", end.err, end.at)
				}
			})
		})
	}
}

// The budget counts for fx hooks as for services, and the order is one.
func TestHooksAndServicesHaveOneOrder(t *testing.T) {
	t.Parallel()
	var j journal
	hook := func(name string) func(fx.Lifecycle) *database {
		return func(lifecycle fx.Lifecycle) *database {
			lifecycle.Append(fx.Hook{
				OnStart: func(context.Context) error { j.add(name + " start"); return nil },
				OnStop:  func(context.Context) error { j.add(name + " stop"); return nil },
			})
			return &database{}
		}
	}
	h := hosttest.Start(t, nil,
		fx.Provide(hook("database")),
		j.service("a"),
		hosted.AddHostedService[*noted](func(*database) *noted { return &noted{name: "b", journal: &j} }),
		fx.Invoke(func(lifecycle fx.Lifecycle) { hook("server")(lifecycle) }))
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	j.check(t, "a start", "database start", "b start", "server start", "server stop", "b stop", "database stop", "a stop")
}

// LG, style: every record of a life, in order.
func TestTheRecordsOfALife(t *testing.T) {
	t.Parallel()
	var j journal
	h := hosttest.Start(t, hosttest.Settings{"Logging:LogLevel:fxhost.fx": "none"}, j.service("a"))
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	var got []string
	for _, entry := range h.Logs.FilterLoggerName("fxhost").All() {
		got = append(got, entry.Level.String()+" "+entry.Message)
	}
	want := []string{
		"info host configured", "info host starting", "debug service phase done", "info host started",
		"info host stopping", "debug service phase done", "info host stopped",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestLoggersOfServicesAreNamed(t *testing.T) {
	t.Parallel()
	h := hosttest.Start(t, hosttest.Settings{"Logging:LogLevel:quiet": "Warning"},
		hosted.AddHostedService[*talker](newTalker),
		fx.Module("child", hosted.AddHostedService[*otherTalker](newOtherTalker, hosted.Name("quiet.one"))))
	talked := func(name string) *observer.ObservedLogs {
		return h.Logs.FilterLoggerName(name).FilterMessage("here")
	}
	if talked("host_test.talker").Len() != 1 || talked("quiet.one").Len() != 0 {
		t.Errorf("got %v", h.Logs.FilterMessage("here").All())
	}
}

type talker struct{ noted }

func newTalker(log *zap.Logger) *talker {
	log.Info("here")
	return &talker{noted{journal: &journal{}}}
}

type otherTalker struct{ noted }

func newOtherTalker(in struct {
	fx.In
	Log *zap.Logger
},
) *otherTalker {
	in.Log.Info("here")
	return &otherTalker{noted{journal: &journal{}}}
}
