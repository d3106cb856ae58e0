package host_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/viper"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

// HO-2, HO-3: the keys of the host, and code has the last word.
func TestOptionsComeFromConfigurationAndCode(t *testing.T) {
	t.Parallel()
	var got *host.Options
	builder, _ := hosttest.NewBuilder(t, hosttest.Settings{
		"startupTimeoutSeconds":     "60",
		"SHUTDOWNTIMEOUTSECONDS":    7,
		"drainDelaySeconds":         5,
		"servicesStartConcurrently": true,
		"servicesStopConcurrently":  "true",
	}, fx.Populate(&got))
	builder.ConfigureOptions(func(o *host.Options) { o.DrainDelay++ })
	builder.ConfigureOptions(func(o *host.Options) { o.StartupTimeout *= 2 })
	stop(t, builder)
	want := host.Options{
		Options: hosted.Options{
			StartupTimeout: 2 * time.Minute, ShutdownTimeout: 7 * time.Second, DrainDelay: 5*time.Second + 1,
			ServicesStartConcurrently: true, ServicesStopConcurrently: true,
		},
	}
	if *got != want {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
}

func TestOptionsHaveDefaults(t *testing.T) {
	t.Parallel()
	var got *host.Options
	builder, _ := hosttest.NewBuilder(t, nil, fx.Populate(&got))
	stop(t, builder)
	if want := (host.Options{Options: hosted.Options{ShutdownTimeout: 30 * time.Second}}); *got != want {
		t.Errorf("got %+v", *got)
	}
}

// HO-1 differs: what does not parse is an error.
func TestABadOptionIsAnErrorOfBuild(t *testing.T) {
	t.Parallel()
	for key, test := range map[string]struct {
		value any
		want  string
	}{
		"shutdownTimeoutSeconds":    {"30s", `host: build: config: shutdownTimeoutSeconds: "30s": want a non-negative integer (settings of the test)`},
		"startupTimeoutSeconds":     {-1, `host: build: config: startupTimeoutSeconds: -1: `},
		"drainDelaySeconds":         {1.5, `host: build: config: drainDelaySeconds: 1.5: `},
		"servicesStartConcurrently": {"maybe", `host: build: config: servicesStartConcurrently: "maybe": `},
	} {
		builder, _ := hosttest.NewBuilder(t, hosttest.Settings{key: test.value})
		_, err := builder.Build()
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	builder, _ := hosttest.NewBuilder(t, hosttest.Settings{"shutdownTimeoutSeconds": 0})
	if _, err := builder.Build(); err == nil || !strings.Contains(err.Error(), "leaves services no time to stop") {
		t.Errorf("got %v", err)
	}
	builder, _ = hosttest.NewBuilder(t, nil)
	builder.ConfigureOptions(func(o *host.Options) { o.DrainDelay = -1 })
	if _, err := builder.Build(); err == nil || err.Error() != "host: Options.DrainDelay: -1ns: must not be less than zero" {
		t.Errorf("got %v", err)
	}
}

// stop builds the host and stops it without starting it.
func stop(t *testing.T, builder *host.Builder) {
	t.Helper()
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func write(t *testing.T, folder, name, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// CF-1, CF-4, EV-1, EV-3: who wins for each key.
func TestTheLastSourceWins(t *testing.T) {
	root := t.TempDir()
	t.Chdir(filepath.Dir(root))
	write(t, root, "appsettings.json", `{"a": "json", "b": "json", "c": "json", "d": "json"}`)
	write(t, root, "appsettings.Staging.yaml", "b: staging\nc: staging\nd: staging\n")
	t.Setenv("FXHOST_ENVIRONMENT", "Staging")
	t.Setenv("FXHOST_A", "prefixed")
	t.Setenv("C", "environment")
	t.Setenv("D", "environment")
	var builder *host.Builder
	write(t, root, "appsettings.json", `{"a": "json", "b": "json", "c": "json", "d": "json", "e": "json", "f": "json"}`)
	write(t, root, "test.settings.toml", "e = 'application'\nf = 'application'\n")
	write(t, root, "test.settings.Staging.json", `{"f": "application in staging"}`)
	builder = host.NewBuilder([]string{"-d=args", "--contentRoot", filepath.Base(root), "--applicationName=test"},
		config.Switches(map[string]string{"-d": "d"}))
	for key, want := range map[string]string{
		"a": "json", "b": "staging", "c": "environment", "d": "args", "e": "application", "f": "application in staging",
	} {
		if got, _ := builder.Configuration.Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	e := builder.Environment
	if e.Name != "Staging" || !e.IsStaging() || e.IsProduction() || e.IsDevelopment() || !e.Is("STAGING") {
		t.Errorf("environment %q", e.Name)
	}
	if e.ApplicationName != "test" || e.ContentRoot != root {
		t.Errorf("got %+v", e)
	}
	if content, err := os.ReadFile(e.Path("appsettings.json")); err != nil || len(content) == 0 {
		t.Error(err)
	}
	if e.Path(root) != root {
		t.Errorf("got %s", e.Path(root))
	}
	if file, err := e.FS().Open("appsettings.json"); err != nil {
		t.Error(err)
	} else {
		_ = file.Close()
	}
}

func TestAContentRootThatIsNoFolderIsAnError(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	write(t, filepath.Dir(file), "file", "")
	for _, root := range []string{file, file + "/nothing"} {
		_, err := host.NewBuilder([]string{"--contentRoot=" + root}).Build()
		if err == nil || !strings.HasPrefix(err.Error(), "host: build: config: contentRoot: ") || !strings.Contains(err.Error(), root) {
			t.Errorf("got %v", err)
		}
	}
}

// CF-5, CF-6.
func TestAnEmptyBuilderReadsNothing(t *testing.T) {
	root := t.TempDir()
	t.Chdir(root)
	write(t, root, "appsettings.json", `{"a": "json"}`)
	t.Setenv("FXHOST_ENVIRONMENT", "Staging")
	builder := host.NewEmptyBuilder()
	if builder.Configuration.Exists("a") || !builder.Environment.IsProduction() || builder.Environment.ContentRoot != root {
		t.Errorf("got %+v", builder.Environment)
	}
}

// BD-6: what can be injected.
func TestWhatAHostProvides(t *testing.T) {
	t.Parallel()
	var (
		configuration *config.Manager
		environment   *host.Environment
		life          *hosted.ApplicationLifetime
		services      *hosted.Services
		copied        *viper.Viper
	)
	h := hosttest.Start(t, hosttest.Settings{"a:b": "c"},
		fx.Populate(&configuration, &environment, &life, &services, &copied))
	if got, _ := configuration.Get("A:B"); got != "c" || copied.GetString("a:b") != "c" {
		t.Errorf("got %q, viper has %q", got, copied.GetString("a:b"))
	}
	if environment.Name != host.Production || life != h.ApplicationLifetime() || len(services.List()) != 0 {
		t.Errorf("got %+v", environment)
	}
}
