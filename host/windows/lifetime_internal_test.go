package windows

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

// manager is a service manager in fake time.
type manager struct {
	controls chan control
	refuse   error // to connect

	mu   sync.Mutex
	told []string
}

func newManager() *manager { return &manager{controls: make(chan control)} }

func (m *manager) tell(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.told = append(m.told, text)
}

func (m *manager) dispatch(execute func(<-chan control, func(status)) uint32) error {
	if m.refuse != nil {
		return m.refuse
	}
	code := execute(m.controls, func(s status) {
		name := [...]string{"start pending", "running", "stop pending"}[s.state]
		if s.state == running {
			m.tell(name)
			return
		}
		m.tell(fmt.Sprintf("%s %d, %v", name, s.checkpoint, s.hint))
	})
	m.tell(fmt.Sprintf("stopped with %d", code))
	return nil
}

// saw checks what the service manager was told since the last call.
func (m *manager) saw(t *testing.T, want ...string) {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Equal(m.told, want) {
		t.Errorf("the service manager was told\n\t%s\nwant\n\t%s", strings.Join(m.told, "\n\t"), strings.Join(want, "\n\t"))
	}
	m.told = nil
}

func newBuilder(m *manager, options ...fx.Option) *host.Builder {
	builder := host.NewEmptyBuilder()
	builder.Logging.Output = zapcore.AddSync(&bytes.Buffer{})
	s := settings{hint: DefaultWaitHint}
	s.install(builder, m.dispatch)
	builder.Add(options...)
	return builder
}

// slow is a service that takes its time.
type slow struct{ start, stop time.Duration }

func (s slow) StartAsync(ctx context.Context) error { return sleep(ctx, s.start) }
func (s slow) StopAsync(ctx context.Context) error  { return sleep(ctx, s.stop) }

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func service(name string, start, stop time.Duration) fx.Option {
	return hosted.AddInstance(slow{start, stop}, hosted.Name(name))
}

// odd is a time at which nobody looks.
const odd = 1030 * time.Millisecond

func TestTheServiceManagerLearnsOfTheWholeLife(t *testing.T) {
	t.Parallel()
	for _, control := range []control{stop, shutdown, preShutdown} {
		synctest.Test(t, func(t *testing.T) {
			m := newManager()
			builder := newBuilder(m, service("a", odd, odd), service("b", odd, odd))
			builder.ConfigureOptions(func(o *host.Options) { o.DrainDelay = 5 * time.Second })
			result := make(chan error, 1)
			go func() { result <- builder.Run(t.Context()) }()
			time.Sleep(10 * time.Second)
			// Each state of a is seen, and a start that moves has checkpoints.
			m.saw(t, "start pending 1, 30s", "start pending 2, 30s", "start pending 3, 30s", "running")
			m.controls <- interrogate
			synctest.Wait()
			m.saw(t, "running")

			m.controls <- control
			synctest.Wait()
			m.saw(t, "stop pending 1, 35s")
			m.controls <- control // is nothing new
			m.controls <- interrogate
			synctest.Wait()
			m.saw(t, "stop pending 1, 35s")
			if err := <-result; err != nil {
				t.Error(err)
			}
			m.saw(t, "stop pending 2, 30s", "stop pending 3, 30s", "stopped with 0")
		})
	}
}

type coded struct{}

func (coded) Error() string { return "no such tenant" }
func (coded) ExitCode() int { return 7 }

// What goes wrong is told, wherever: recovery actions depend on it.
func TestAFailureIsAnExitCode(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		option fx.Option
		want   string
	}{
		"constructor": {fx.Invoke(func() error { return boom }), "stopped with 1"},
		"its code":    {fx.Invoke(func() error { return coded{} }), "stopped with 7"},
		"start":       {hosted.AddInstance(failing{start: coded{}}), "stopped with 7"},
		"stop":        {fx.Options(hosted.AddInstance(failing{stop: coded{}}), fx.Invoke(stopAtOnce)), "stopped with 7"},
		"fault": {fx.Options(service("a", 0, 0), fx.Invoke(func(l *hosted.ApplicationLifetime) {
			l.OnStarted(func(context.Context) { l.StopApplication(coded{}) })
		})), "stopped with 7"},
		"none": {fx.Options(service("a", 0, 0), fx.Invoke(stopAtOnce)), "stopped with 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newManager()
			err := newBuilder(m, c.option).Run(t.Context())
			if (err == nil) != (name == "none") {
				t.Errorf("error %v", err)
			}
			if m.told[0] != "start pending 1, 30s" || m.told[len(m.told)-1] != c.want {
				t.Errorf("told %q, want %s", m.told, c.want)
			}
		})
	}
}

func stopAtOnce(l *hosted.ApplicationLifetime) {
	l.OnStarted(func(context.Context) { l.StopApplication(nil) })
}

type failing struct{ start, stop error }

func (f failing) StartAsync(context.Context) error { return f.start }
func (f failing) StopAsync(context.Context) error  { return f.stop }

func TestWrongSettingsAreAFailedStart(t *testing.T) {
	t.Parallel()
	m := newManager()
	builder := newBuilder(m)
	builder.ConfigureOptions(func(o *host.Options) { o.ShutdownTimeout = -1 })
	if err := builder.Run(t.Context()); err == nil {
		t.Error("no error")
	}
	m.saw(t, "start pending 1, 30s", "stopped with 1")
}

func TestAProgramThatIsNoServiceIsToldSo(t *testing.T) {
	t.Parallel()
	for refuse, want := range map[error]string{
		errors.New("error 1063"): "windows: connect to the service manager: error 1063: start the program as a service, " +
			"or leave windows.Active(true) out to run it in a console",
	} {
		m := newManager()
		m.refuse = refuse
		if _, err := newBuilder(m).Build(); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// A start that waits for a service manager ends with its context.
func TestTheWaitForTheServiceManagerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		l := newLifetime(time.Second, func(func(<-chan control, func(status)) uint32) error {
			<-gate
			return nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := l.WaitForStart(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		close(gate)
	})
}

func TestAPanickingLastErrorTakesNothingDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newManager()
		builder := newBuilder(m, hosted.AddInstance(panicking{}))
		result := make(chan error, 1)
		go func() { result <- builder.Run(t.Context()) }()
		time.Sleep(time.Minute)
		m.controls <- stop
		if err := <-result; err != nil {
			t.Error(err)
		}
	})
}

type panicking struct{ slow }

func (panicking) LastError() error { panic("boom") }

func TestTheEventLogHasCategoryMessageAndFields(t *testing.T) {
	t.Parallel()
	type event struct {
		level zapcore.Level
		text  string
	}
	var events []event
	var output bytes.Buffer
	builder := host.NewEmptyBuilder()
	builder.UseLifetime(nil)
	builder.Logging.Output = zapcore.AddSync(&output)
	newEventCore(zap.WarnLevel, func(level zapcore.Level, text string) error {
		events = append(events, event{level, text})
		return nil
	}).addTo(builder.Logging)
	builder.Add(fx.Invoke(func(log *zap.Logger) {
		log = log.Named("orders").With(zap.Int("worker", 1))
		log.Info("not there")
		log.Warn("slow", zap.Duration("elapsed", 1500*time.Millisecond))
		log.Error(strings.Repeat("long\x00", 10000))
	}))
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if len(events) != 2 || !strings.Contains(output.String(), "not there") {
		t.Fatalf("%d events, output\n%s", len(events), output.String())
	}
	if want := "orders\r\nslow\r\n{\"worker\": 1, \"elapsed\": \"1.5s\"}\r\n"; events[0] != (event{zap.WarnLevel, want}) {
		t.Errorf("%q, want %q", events[0].text, want)
	}
	if e := events[1]; e.level != zap.ErrorLevel || len(e.text) > 31500 || strings.Contains(e.text, "\x00") {
		t.Errorf("%v: %d bytes", e.level, len(e.text))
	}
}
