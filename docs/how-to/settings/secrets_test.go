package settings_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/docs/how-to/settings"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/internal/usersecrets"
)

// home gives the test a home folder with one secret of the worker.
func home(t *testing.T) {
	t.Helper()
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME", "AppData"} { // one of them on each system
		t.Setenv(name, t.TempDir())
	}
	if err := usersecrets.Set("worker", "Db:Password", "hunter2"); err != nil {
		t.Fatal(err)
	}
}

func TestUserSecretsAreReadInDevelopmentOnly(t *testing.T) {
	home(t)
	for environment, want := range map[string]string{host.Development: "hunter2", host.Production: ""} {
		builder, _ := build(t, t.TempDir(), "--applicationName=worker", "--environment="+environment)
		if got, _ := builder.Configuration.Get("Db:Password"); got != want {
			t.Errorf("%s: %q", environment, got)
		}
		if strings.Contains(builder.Configuration.DebugView(), "hunter2") {
			t.Errorf("%s: the view shows it", environment)
		}
	}
}

func TestAFileThatOthersMayReadIsAnError(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there are no modes")
	}
	home(t)
	path, err := usersecrets.Path("worker")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	builder, _ := build(t, t.TempDir(), "--applicationName=worker", "--environment=Development")
	if _, err := builder.Build(); err == nil || !strings.Contains(err.Error(), "chmod 600 "+path) {
		t.Errorf("error %v", err)
	}
}

func TestAFolderOfSecretsWins(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "Db__Password"), "from the folder\n")
	t.Setenv("Db__Password", "from the environment")
	builder, _ := build(t, t.TempDir())
	if got, _ := builder.Configuration.Get("Db:Password"); got != "from the environment" {
		t.Errorf("%q before", got)
	}
	err := errors.Join(
		settings.AddSecrets(builder, filepath.Join(folder, "none")),
		settings.AddSecrets(builder, folder),
	)
	if got, _ := builder.Configuration.Get("Db:Password"); err != nil || got != "from the folder" {
		t.Errorf("%q after, %v", got, err)
	}
}

func TestWhatLooksSecretIsMasked(t *testing.T) {
	configuration, err := config.New(config.Map(map[string]any{
		"TokenLifetime": "shown1", "Url": "postgres://ada:shown2@db/orders", "Logging:LogLevel:orders.TokenService": "shown3",
	}))
	if err != nil {
		t.Fatal(err)
	}
	if view := configuration.DebugView(); strings.Contains(view, "shown") || strings.Count(view, "= *** (memory)") != 3 {
		t.Errorf("view\n%s", view)
	}
}
