//go:build unix

package host_test

import (
	"errors"
	"slices"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/usersecrets"
)

// services are the names of those of a host with an fx.Module.
func services(t *testing.T, builder *host.Builder) []string {
	t.Helper()
	builder.UseLifetime(nil)
	quiet(builder)
	builder.Add(fx.Module("orders", service(&events{name: "first"})))
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	var names []string
	for _, s := range h.Services().List() {
		names = append(names, s.Name)
	}
	return names
}

// CF-7: it starts before all others, also those of modules and hooks, and stops
// after them.
func TestTheWatcherIsTheFirstService(t *testing.T) {
	t.Parallel()
	builder := host.NewBuilder([]string{"--contentRoot=" + t.TempDir()})
	builder.UseLifetime(nil)
	quiet(builder)
	var seen []hosted.State
	builder.Add(fx.Module("orders", fx.Invoke(func(l fx.Lifecycle, services *hosted.Services) {
		look := func() {
			watcher, _ := services.Get("config.Watcher")
			seen = append(seen, watcher.State)
		}
		l.Append(fx.StartStopHook(look, look))
	})))
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(h.Start(t.Context()), h.Stop(t.Context())); err != nil {
		t.Error(err)
	}
	if want := []hosted.State{hosted.StateRunning, hosted.StateRunning}; !slices.Equal(seen, want) {
		t.Errorf("states of the watcher %v, want %v", seen, want)
	}
}

// CF-2.
func TestReloadingCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	off := host.NewBuilder([]string{"--contentRoot=" + t.TempDir(), "--no-hostBuilder:reloadConfigOnChange"})
	inCode := host.NewBuilder([]string{"--contentRoot=" + t.TempDir()})
	inCode.ConfigureOptions(func(o *host.Options) { o.ReloadConfigOnChange = false })
	for name, builder := range map[string]*host.Builder{"key": off, "code": inCode, "no files": host.NewEmptyBuilder()} {
		if names := services(t, builder); len(names) != 1 {
			t.Errorf("%s: services %q", name, names)
		}
	}
}

// CG-14.
func TestUserSecretsAreForDevelopment(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", home)
	if err := usersecrets.Set("app", "Db:Password", "hunter2"); err != nil {
		t.Fatal(err)
	}
	for environment, want := range map[string]bool{"Development": true, "Production": false} {
		builder := host.NewBuilder([]string{"--contentRoot=" + t.TempDir(), "--applicationName=app", "--environment=" + environment})
		if got, ok := builder.Configuration.Get("Db:Password"); ok != want || want && got != "hunter2" {
			t.Errorf("%s: %q, %v", environment, got, ok)
		}
	}
}
