package host_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/web"
)

type database struct{}

type worker struct {
	background.BackgroundService

	name string
}

func newWorker(*zap.Logger) *worker                      { return &worker{} }
func newWorkerOf(*zap.Logger, *database) *worker         { return &worker{} }
func newFailingWorker(*zap.Logger) (*worker, error)      { return nil, io.ErrUnexpectedEOF }
func newNilWorker() *worker                              { return nil }
func newPanickingWorker(*zap.Logger) *worker             { panic("no tenant") }
func (w *worker) ExecuteAsync(ctx context.Context) error { return untilEnded(ctx) }

type loopless struct{ background.BackgroundService }

type misspelt struct{ background.BackgroundService }

func (*misspelt) ExecuteAsync(context.Context) {}

type pointing struct{ *background.BackgroundService }

func (*pointing) ExecuteAsync(context.Context) error { return nil }

type strict struct{ Interval string }

func newStrict(configuration *config.Manager) (*strict, error) {
	var s strict
	return &s, configuration.Bind("Worker", &s)
}

// Each mistake is an error of Build that names the thing, its line and what to
// do, without a stack trace. The line of the option is L below, that of the
// constructor F.
func TestBuildSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	const (
		l = `\S+/build_test\.go:\d+`
		f = `"github\.com/fxhost/fxhost/host_test"\.`
	)
	for name, test := range map[string]struct {
		option fx.Option
		want   string
	}{
		"missing constructor": {
			hosted.AddHostedService[*worker](newWorkerOf),
			`failed to build \*host_test\.worker: missing type: \*host_test\.database: add a constructor of it with fx\.Provide \(registered at ` + l + `\)`,
		},
		"missing constructor of what a constructor takes": {
			fx.Options(hosted.AddHostedService[*worker](newWorkerOf), fx.Provide(newPooledDatabase)),
			`failed to build \*host_test\.worker: failed to build \*host_test\.database: missing dependencies for function ` +
				`"github\.com/fxhost/fxhost/host_test"\.newPooledDatabase \(\S+/scope_test\.go:\d+\): ` +
				`missing type: \*host_test\.pool: add a constructor of it with fx\.Provide \(registered at ` + l + `\)`,
		},
		"missing constructor of what another service takes": {
			fx.Options(
				fx.Provide(func(*worker) *cache { return nil }),
				hosted.AddHostedService[*loopless](func(*zap.Logger, *cache) *loopless { return nil }),
				hosted.AddHostedService[*worker](newWorkerOf),
			),
			`failed to build \*host_test\.loopless: failed to build \*host_test\.cache: could not build arguments for function ` + f +
				`TestBuildSaysWhatIsWrong\.func\d+ \(` + l + `\): failed to build \*host_test\.worker \(provided at ` + l + `\): ` +
				`missing type: \*host_test\.database: add a constructor of it with fx\.Provide \(registered at ` + l + `\)`,
		},
		"cycle": {
			fx.Options(
				hosted.AddHostedService[*worker](func(*zap.Logger, *cache) (*worker, error) { return nil, nil }),
				fx.Provide(func(*worker) *cache { return nil }),
			),
			`cycle detected in dependency graph: func\(\*zap\.Logger, \*host_test\.cache\) \(\*host_test\.worker, error\)` +
				`\n\tdepends on func\(\*host_test\.worker\) \*host_test\.cache provided by ` + f + `\S+ \(` + l + `\)` +
				`\n\tdepends on func\(\*zap\.Logger, \*host_test\.cache\) \(\*host_test\.worker, error\)`,
		},
		"missing for fx.Annotate": {
			fx.Options(fx.Provide(fx.Annotate(newPooledDatabase, fx.ParamTags(`name:"main"`))), fx.Invoke(func(*database) {})),
			`could not build arguments for function ` + f + `TestBuildSaysWhatIsWrong\.func\d+ \(` + l + `\): ` +
				`failed to build \*host_test\.database: missing type: \*host_test\.pool\[name="main"\]: .*`,
		},
		"missing middleware": {
			fx.Invoke(func(*web.Scopes) {}),
			`missing dependencies for function ` + f + `TestBuildSaysWhatIsWrong\.func\d+ \(` + l + `\): ` +
				`missing type: \*web\.Scopes: add fx\.Provide\(web\.NewScopes\) \(registered at ` + l + `\)`,
		},
		"option given to fx.Provide": {
			fx.Provide(fx.Provide(newDatabase)),
			`fx\.Option should be passed to fx\.New directly, not to fx\.Provide: fx\.Provide received fx\.Provide\(\S+newDatabase\(\)\) ` +
				`\(registered at ` + l + `\)`,
		},
		"type that fx does not know": {
			hosted.AddHostedService[*worker](nil),
			`missing type: \*host_test\.worker.*: add a constructor of it with fx\.Provide \(registered at ` + l + `\)`,
		},
		"service registered twice": {
			fx.Options(hosted.AddHostedService[*worker](newWorker), hosted.AddHostedService[*worker](newWorker)),
			`\*host_test\.worker is provided twice, by ` + l + ` and by ` + l + `: remove one .*`,
		},
		"service registered again without constructor": {
			fx.Options(hosted.AddHostedService[*worker](newWorker), hosted.AddHostedService[*worker](nil)),
			`hosted: service "host_test\.worker" is registered twice, at ` + l + ` and at ` + l + `: ` +
				`remove one, or give it another name with hosted\.Name`,
		},
		"nil constructor": {
			hosted.AddHostedService[*worker]((func() *worker)(nil)),
			`hosted: AddHostedService\[\*host_test\.worker\] at ` + l + `: constructor is a nil func\(\) \*host_test\.worker, ` +
				`want a function that returns \*host_test\.worker`,
		},
		"constructor of something else": {
			hosted.AddHostedService[*worker](func() *database { return nil }),
			`hosted: AddHostedService\[\*host_test\.worker\] at ` + l + `: constructor func\(\) \*host_test\.database ` +
				`does not return \*host_test\.worker`,
		},
		"constructor that is no function": {
			hosted.AddHostedService[*worker](worker{}),
			`hosted: AddHostedService\[\*host_test\.worker\] at ` + l + `: constructor is a host_test\.worker, want a function.*`,
		},
		"constructor that returns nil": {
			hosted.AddHostedService[*worker](newNilWorker),
			`hosted: service "host_test\.worker" \(` + l + `\): its constructor returned nil without an error`,
		},
		"constructor that fails": {
			hosted.AddHostedService[*worker](newFailingWorker),
			`failed to build \*host_test\.worker: host_test\.newFailingWorker \(` + l + `\): unexpected EOF \(registered at ` + l + `\)`,
		},
		"constructor that panics": {
			hosted.AddHostedService[*worker](newPanickingWorker),
			`constructor at ` + l + `: panic: no tenant`,
		},
		"no ExecuteAsync": {
			hosted.AddHostedService[*loopless](func() *loopless { return &loopless{} }),
			`hosted: service "host_test\.loopless" \(` + l + `\): background: \*host_test\.loopless embeds BackgroundService: ` +
				`it needs a method ExecuteAsync\(ctx context\.Context\) error`,
		},
		"wrong ExecuteAsync": {
			hosted.AddHostedService[*misspelt](func() *misspelt { return &misspelt{} }),
			`hosted: service "host_test\.misspelt" \(` + l + `\): background: \*host_test\.misspelt embeds BackgroundService: ` +
				`its ExecuteAsync is a func\(\*host_test\.misspelt, context\.Context\), want ExecuteAsync\(ctx context\.Context\) error`,
		},
		"nil BackgroundService": {
			hosted.AddHostedService[*pointing](func() *pointing { return &pointing{} }),
			`hosted: service "host_test\.pointing" \(` + l + `\): background: \*host_test\.pointing embeds ` +
				`a \*BackgroundService that is nil: embed BackgroundService by value`,
		},
		"logger of its own": {
			fx.Provide(zap.NewNop),
			`\*zap\.Logger is provided twice, by .+ and by ` + l + `: remove one .*`,
		},
		"bad option": {
			hosted.AddHostedService[*worker](newWorker, hosted.StopTimeout(-1)),
			`hosted: AddHostedService\[\*host_test\.worker\] at ` + l + `: hosted\.StopTimeout: -1ns: must be more than zero; .*`,
		},
		"nil function": {
			background.Func("poll", nil),
			`background: Func\("poll"\) at ` + l + `: function is nil`,
		},
		"unknown key in a bound section": {
			fx.Options(fx.Provide(newStrict), fx.Invoke(func(*strict) {})),
			`could not build arguments for function ` + f + `\S+ \(` + l + `\): failed to build \*host_test\.strict: received non-nil error from function ` + f + `newStrict \(` + l + `\): ` +
				`config: Worker:Intervall: unknown key \(.*\); did you mean "Interval"\? \(registered at ` + l + `\)`,
		},
		"module of hosted": {
			hosted.Module(),
			`hosted\.Module is in the application twice: package host runs the services: remove hosted\.Module\(\) or host\.Module\(\) at ` + l,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			builder, _ := hosttest.NewBuilder(t, hosttest.Settings{"Worker:Intervall": "5s"}, test.option)
			built, err := builder.Build()
			if err == nil {
				t.Fatal("no error")
			}
			if built != nil {
				t.Error("a host all the same")
			}
			if !regexp.MustCompile(`^host: build: ` + test.want + `$`).MatchString(err.Error()) {
				t.Errorf("got  %s\nwant host: build: %s", err, test.want)
			}
			if code := host.ExitCode(err); code != 1 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

func TestBuildErrorsWrapTheCause(t *testing.T) {
	t.Parallel()
	builder, _ := hosttest.NewBuilder(t, nil, hosted.AddHostedService[*worker](newFailingWorker))
	if _, err := builder.Build(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	builder, _ = hosttest.NewBuilder(t, nil, hosted.AddHostedService[*worker](newPanickingWorker))
	_, err := builder.Build()
	var panicked *hosted.PanicError
	if !errors.As(err, &panicked) || !strings.Contains(string(panicked.Stack), "newPanickingWorker") {
		t.Errorf("got %v", err)
	}
}

// BD-1, BD-2.
func TestABuilderMakesOneHost(t *testing.T) {
	t.Parallel()
	builder, _ := hosttest.NewBuilder(t, nil)
	built, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := built.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := builder.Build(); !errors.Is(err, host.ErrBuilt) {
		t.Errorf("Build: got %v", err)
	}
	if err := builder.Run(t.Context()); !errors.Is(err, host.ErrBuilt) {
		t.Errorf("Run: got %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("Add after Build did not panic")
		}
	}()
	builder.Add(fx.Options())
}

func TestAFileThatDoesNotParseIsAnErrorOfBuild(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ content, want string }{
		"appsettings.json": {`{"a": 1,,}`, `line 1, column \d+: `},
		"appsettings.yaml": {"a: [1", `line \d+`},
		"appsettings.toml": {"a = ", `.+`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			file := filepath.Join(root, name)
			if err := os.WriteFile(file, []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := host.NewBuilder([]string{"--contentRoot", root}).Build()
			want := fmt.Sprintf(`^host: build: config: %s: .*%s`, regexp.QuoteMeta(file), test.want)
			if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

// D7: no constructor runs.
func TestValidateRunsNoConstructor(t *testing.T) {
	t.Parallel()
	hosttest.Validate(t, nil, hosted.AddHostedService[*worker](newPanickingWorker))

	builder, _ := hosttest.NewBuilder(t, nil, hosted.AddHostedService[*worker](newWorkerOf),
		fx.Provide(func() *pool { panic("constructed") }), fx.WithLogger(func(*pool) fxevent.Logger { return nil }))
	err := builder.Validate()
	want := `^host: build: failed to build \*host_test\.worker \(provided at \S+/build_test\.go:\d+\): ` +
		`missing type: \*host_test\.database: add a constructor of it with fx\.Provide$`
	if err == nil || !regexp.MustCompile(want).MatchString(err.Error()) {
		t.Errorf("got %v", err)
	}
}
