package host_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
)

type shopOptions struct{ DB string }

// shop is a program that has section Shop and reads the key Greeting.
func shop(t *testing.T, root string, args ...string) (*host.Builder, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	builder := host.NewBuilder(append([]string{"--contentRoot=" + root}, args...))
	builder.UseLifetime(nil)
	builder.Logging.Options = []zap.Option{zap.WrapCore(func(zapcore.Core) zapcore.Core { return core })}
	builder.Add(config.Configure[shopOptions]("Shop"), fx.Invoke(func(m *config.Manager) { m.Get("Greeting") }))
	return builder, logs
}

// Otherwise shop migrate --Shp:DB=/nope/x.db would migrate the default database.
func TestASettingThatNothingReadsIsAnError(t *testing.T) {
	t.Setenv("FXHOST_SHIP__DB", "x")
	t.Setenv("FXHOST_WORKER_SERVICE_HOST", "10.0.0.1") // Kubernetes, for a service fxhost-worker
	t.Setenv("FXHOST_PORT_80_TCP_ADDR", "10.0.0.1")
	builder, _ := shop(t, t.TempDir(), "--Shp:DB=/nope/x.db", "--shop:db=y", "--greeting=hello", "--Logging:LogLevel:Default=Warning",
		"--environment=Staging", "--shutdownTimeoutSeconds=5", "--hostBuilder:reloadConfigOnChange=false", "--far-off")
	_, err := builder.Build()
	const want = `host: build: config: SHIP:DB: nothing in the program reads this setting (environment FXHOST_SHIP__DB); did you mean "Shop:DB"?
config: Shp:DB: nothing in the program reads this setting (command line); did you mean "Shop:DB"?
config: far-off: nothing in the program reads this setting (command line)`
	if err == nil || err.Error() != want || !errors.Is(err, config.ErrUnread) {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}

	builder, _ = shop(t, t.TempDir(), "--Shp:DB=/nope/x.db")
	builder.ConfigureOptions(func(o *host.Options) { o.AllowUnreadSettings = true })
	build(t, builder)

	builder, _ = shop(t, t.TempDir(), "--x=1")
	t.Setenv("FXHOST_SHIP__DB", "")
	builder.Add(fx.Invoke(func(m *config.Manager) { m.Viper() })) // whoever has it may read all
	build(t, builder)
}

func build(t *testing.T, builder *host.Builder) {
	t.Helper()
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestASettingOfAFileThatNothingReadsIsAWarning(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "appsettings.json", "{\n\"$schema\": \"x\",\n\"Shop\": {\"$schema\": \"x\", \"DB\": \"y\"},\n\"Shap\": {\"DB\": \"z\", \"X\": 1}\n}")
	builder, logs := shop(t, root)
	build(t, builder)
	var warned []string
	for _, r := range logs.FilterMessage("setting is not read").All() {
		warned = append(warned, r.Level.String()+" "+r.ContextMap()["error"].(string))
	}
	want := []string{`warn config: Shap: nothing in the program reads this setting (appsettings.json:4); did you mean "Shop"?`}
	if !slices.Equal(warned, want) {
		t.Errorf("warned of %q", warned)
	}
}

func TestModuleRefusesASettingThatNothingReads(t *testing.T) {
	t.Parallel()
	app := fx.New(fx.NopLogger, host.Module([]string{"--contentRoot=" + t.TempDir(), "--Logging:LogLevel:Default=None", "--Shp=1"}))
	if err := app.Err(); err != nil {
		t.Fatal(err)
	}
	if err := app.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "config: Shp: nothing in the program reads this setting") {
		t.Errorf("%v", err)
	}
}

func TestTheKeysOfTheEnvironmentCanBeRead(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	b := host.NewBuilder([]string{"--contentRoot=" + root})
	for key, want := range map[string]string{"contentRoot": root, "environment": "Production", "applicationName": b.Environment.ApplicationName} {
		if got, ok := b.Configuration.Get(key); !ok || got != want || want == "" {
			t.Errorf("%s is %q, %v; want %q", key, got, ok, want)
		}
	}
}

func TestARelativeFileStartsFromTheContentRoot(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "extra.json", `{"A": "found"}`)
	b := host.NewBuilder([]string{"--contentRoot=" + root})
	if err := b.Configuration.Add(config.File("extra.json")); err != nil {
		t.Fatal(err)
	}
	if got, _ := b.Configuration.Get("A"); got != "found" {
		t.Errorf("A is %q", got)
	}
}

// closer is a source with a connection.
type closer struct{ close func() error }

func (c *closer) Name() string                  { return "vault" }
func (c *closer) Load() (map[string]any, error) { return nil, nil }
func (c *closer) Close() error                  { return c.close() }

func TestASourceIsClosedWithTheHost(t *testing.T) {
	t.Parallel()
	var closed []string
	note := func(name string, err error) func() error {
		return func() error {
			closed = append(closed, name)
			return err
		}
	}
	builder, logs := shop(t, t.TempDir())
	err := builder.Configuration.Add(&closer{note("first", errors.New("no answer"))}, &closer{func() error { panic("boom") }}, &closer{note("last", nil)})
	if err != nil {
		t.Fatal(err)
	}
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if len(closed) > 0 {
		t.Error("closed before the end")
	}
	err = h.Stop(t.Context())
	const want = "config: close vault: panic: boom\nconfig: close vault: no answer"
	if err == nil || err.Error() != want || !slices.Equal(closed, []string{"last", "first"}) {
		t.Errorf("%v, closed %q", err, closed)
	}
	if logs.FilterMessage("configuration failed to close").Len() != 1 {
		t.Error("not logged")
	}

	closed = nil
	app := fx.New(fx.NopLogger, host.Module([]string{"--contentRoot=" + t.TempDir(), "--Logging:LogLevel:Default=None"}),
		fx.Invoke(func(m *config.Manager) error { return m.Add(&closer{note("module", nil)}) }))
	if err := errors.Join(app.Start(t.Context()), app.Stop(t.Context())); err != nil || !slices.Equal(closed, []string{"module"}) {
		t.Errorf("%v, closed %q", err, closed)
	}
}

func TestASourceIsClosedAlsoWhenTheLifetimeFailsToStop(t *testing.T) {
	t.Parallel()
	closed := 0
	builder, _ := hosttest.NewBuilder(t, nil)
	builder.UseLifetime(&strangeLifetime{stop: func(context.Context) error { return errors.New("no answer") }})
	if err := builder.Configuration.Add(&closer{func() error { closed++; return nil }}); err != nil {
		t.Fatal(err)
	}
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context()); err == nil || closed != 1 {
		t.Errorf("%v, closed %d times", err, closed)
	}
}
