package host_test

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
)

// quietArgs are those of a program that reads and logs nothing.
func quietArgs(t *testing.T, args ...string) []string {
	t.Helper()
	return append([]string{"--contentRoot=" + t.TempDir(), "--Logging:LogLevel:Default=None"}, args...)
}

// runs tells whether Run of the builder runs the program, and what it returns.
func runs(t *testing.T, builder *host.Builder) (ran bool, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	builder.UseLifetime(nil)
	builder.Add(fx.Invoke(func(configuration *config.Manager) {
		ran = true
		configuration.Get("version")
		configuration.Get("App")
		cancel()
	}))
	err = builder.Run(ctx)
	cancel()
	return ran, err
}

func TestSwitchesThatAProgramKeeps(t *testing.T) {
	t.Parallel()
	for name, builder := range map[string]func() *host.Builder{
		"with a value":       func() *host.Builder { return host.NewBuilder(quietArgs(t, "--version=2")) },
		"with a value apart": func() *host.Builder { return host.NewBuilder(quietArgs(t, "--version", "2")) },
		"negated":            func() *host.Builder { return host.NewBuilder(quietArgs(t, "--no-version")) },
		"of its own": func() *host.Builder {
			return host.NewBuilder(quietArgs(t, "--version"), config.Switches(map[string]string{"--version": "App:Version"}))
		},
		"disabled": func() *host.Builder {
			b := host.NewBuilder(quietArgs(t, "--version"))
			b.DisableSwitches("--Version")
			return b
		},
		"all disabled": func() *host.Builder {
			b := host.NewBuilder(quietArgs(t, "--version"))
			b.DisableSwitches()
			return b
		},
		"in no command line": func() *host.Builder {
			b := host.NewEmptyBuilder()
			b.Logging.Output = zapcore.AddSync(io.Discard)
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if ran, err := runs(t, builder()); !ran || err != nil {
				t.Errorf("ran: %v, %v", ran, err)
			}
		})
	}
}

func TestAnUnknownSwitchCannotBeDisabled(t *testing.T) {
	t.Parallel()
	b := host.NewBuilder(quietArgs(t))
	b.DisableSwitches("--revision")
	_, err := b.Build()
	want := regexp.MustCompile(`^host: Builder\.DisableSwitches at \S+/answer_test\.go:\d+: no switch "--revision"; there are --version\b`)
	if err == nil || !want.MatchString(err.Error()) {
		t.Errorf("%v", err)
	}
}

// Build and Module run a program, they answer nothing.
func TestOnlyRunAnswers(t *testing.T) {
	t.Parallel()
	const want = `config: version: nothing in the program reads this setting (command line); Run of a host.Builder answers "--version"`
	if _, err := host.NewBuilder(quietArgs(t, "--version")).Build(); err == nil || err.Error() != "host: build: "+want {
		t.Errorf("Build: %v", err)
	}
	app := fx.New(fx.NopLogger, host.Module(quietArgs(t, "--version")))
	if err := app.Start(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Module: %v", err)
	}
	b := host.NewBuilder(quietArgs(t, "--version"))
	b.DisableSwitches()
	_, err := b.Build()
	if err == nil || strings.Contains(err.Error(), "answers") {
		t.Errorf("disabled: %v", err)
	}
}
