package host_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

// What does not return is named, whoever calls it.
func TestAConstructorThatDoesNotReturnIsNamed(t *testing.T) {
	t.Parallel()
	const place = `\S+/construct_test\.go:\d+`
	for name, test := range map[string]struct {
		option func(release chan struct{}) fx.Option
		want   string
	}{
		"of a hosted service": {
			func(release chan struct{}) fx.Option {
				return hosted.AddHostedService[*worker](func(*zap.Logger) *worker { <-release; return &worker{} })
			},
			`the constructor of \*host_test\.worker, provided at ` + place + `,`,
		},
		"of one of several hosted services": {
			func(release chan struct{}) fx.Option {
				return fx.Options(
					hosted.AddHostedService[*noted](func(*zap.Logger) *noted { return &noted{journal: &journal{}} }),
					hosted.AddHostedService[*fatal](func(_ *zap.Logger, _ *worker) *fatal { return &fatal{} }),
					hosted.AddHostedService[*worker](func(*zap.Logger) *worker { <-release; return &worker{} }),
				)
			},
			`the constructor of one of \*host_test\.fatal, \*host_test\.worker`,
		},
		"of what a service takes": {
			func(release chan struct{}) fx.Option {
				return fx.Options(
					hosted.AddHostedService[*worker](newWorkerOf),
					fx.Provide(func() *database { <-release; return nil }),
				)
			},
			`host_test\.TestAConstructorThatDoesNotReturnIsNamed\.\S+, provided at ` + place + `,`,
		},
		"given to fx.Annotate": {
			func(release chan struct{}) fx.Option {
				return fx.Options(
					hosted.AddHostedService[*worker](fx.Annotate(newWorkerOf)),
					fx.Provide(fx.Annotate(func() *database { <-release; return nil })),
				)
			},
			`host_test\.TestAConstructorThatDoesNotReturnIsNamed\.\S+, provided at ` + place + `,`,
		},
		"no constructor": {
			func(release chan struct{}) fx.Option { return fx.Invoke(func() { <-release }) },
			`host_test\.TestAConstructorThatDoesNotReturnIsNamed\.\S+, given to fx\.Invoke,`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				builder, _ := hosttest.NewBuilder(t, hosttest.Settings{"startupTimeoutSeconds": 1}, test.option(release))
				err := builder.Run(t.Context())
				want := `^host: build: ` + test.want + ` has not returned: 1s startup timeout reached$`
				if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
					t.Errorf("got  %v\nwant %s", err, want)
				}
			})
		})
	}
}

// A constructor that is left behind goes on, and those behind it run. Nothing that
// they register is started.
func TestWhatIsRegisteredAfterRunHasReturnedIsNotStarted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var j journal
		release := make(chan struct{})
		builder, logs := hosttest.NewBuilder(t, hosttest.Settings{"startupTimeoutSeconds": 1},
			hosted.AddInstance(&noted{name: "before", journal: &j}, hosted.Name("before")),
			fx.Invoke(func() { <-release; j.add("released") }),
			fx.Invoke(func(l fx.Lifecycle, life *hosted.ApplicationLifetime) {
				j.add("went on")
				life.OnStarted(func(context.Context) { j.add("started") })
				l.Append(fx.StartStopHook(func() { j.add("hook start") }, func() { j.add("hook stop") }))
			}),
			hosted.AddInstance(&noted{name: "after", journal: &j}, hosted.Name("after")))
		if err := builder.Run(t.Context()); err == nil {
			t.Error("no error")
		}
		told := logs.Len()
		close(release)
		time.Sleep(24 * time.Hour)
		j.check(t, "released", "went on")
		for _, record := range logs.All()[told:] {
			if record.Level > zap.DebugLevel {
				t.Errorf("logged %v", record)
			}
		}
	})
}

// None of ours is named when the limit ends before the application's first
// constructor.
func TestATinyStartupTimeoutNamesNoneOfOurFiles(t *testing.T) {
	t.Parallel()
	for range 20 {
		builder, _ := hosttest.NewBuilder(t, nil, hosted.AddHostedService[*worker](newWorker))
		builder.ConfigureOptions(func(o *host.Options) { o.StartupTimeout = 1 })
		err := builder.Run(t.Context())
		if err == nil {
			t.Fatal("no error")
		}
		for _, wrong := range []string{"unknown", "/host.go", "/construct.go", "/hosted/", "host.("} {
			if strings.Contains(err.Error(), wrong) {
				t.Errorf("%q in %v", wrong, err)
			}
		}
	}
}

// panicking calls the standard library, which panics.
func panicking(*zap.Logger) *worker { return &worker{name: strings.Repeat("x", -1)} }

func TestAPanicNamesTheLineOfTheConstructor(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]fx.Option{
		"service":     hosted.AddHostedService[*worker](panicking),
		"fx.Annotate": hosted.AddHostedService[*worker](fx.Annotate(panicking)),
		"fx.Provide":  fx.Options(fx.Provide(panicking), fx.Invoke(func(*worker) {})),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			builder, _ := hosttest.NewBuilder(t, nil, option)
			_, err := builder.Build()
			if err == nil || !regexp.MustCompile(`^host: build: constructor at \S+/construct_test\.go:\d+: panic: strings: negative Repeat count$`).
				MatchString(err.Error()) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The watcher of the files is a service, too: its place is the line that runs the
// host.
func TestTheWatchersPlaceIsTheUsersLine(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "appsettings.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	builder := host.NewBuilder([]string{"--contentRoot=" + root, "--Logging:LogLevel:Default=None"})
	builder.UseLifetime(nil)
	var places []string
	builder.Add(fx.Invoke(func(services *hosted.Services, life *hosted.ApplicationLifetime) {
		life.OnStarted(func(context.Context) {
			for _, service := range services.List() {
				places = append(places, service.Place)
			}
			life.StopApplication(nil)
		})
	}))
	_, file, line, _ := runtime.Caller(0)
	if err := builder.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := file + ":" + strconv.Itoa(line+1); len(places) != 1 || places[0] != want {
		t.Errorf("got %q, want %s", places, want)
	}
}
