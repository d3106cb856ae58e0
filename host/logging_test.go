package host_test

import (
	"bytes"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
)

// inMemory is a builder whose log goes to output, with settings.
func inMemory(t *testing.T, settings map[string]any) (builder *host.Builder, output *bytes.Buffer) {
	t.Helper()
	builder = host.NewEmptyBuilder()
	if err := builder.Configuration.Add(config.Map(settings)); err != nil {
		t.Fatal(err)
	}
	builder.UseLifetime(nil)
	output = &bytes.Buffer{}
	builder.Logging.Output = zapcore.AddSync(output)
	return builder, output
}

// live builds, starts and stops a host.
func live(t *testing.T, builder *host.Builder) {
	t.Helper()
	h, err := builder.Build()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func wantText(t *testing.T, where, text string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %q:\n%s", where, want, text)
		}
	}
}

func TestASlogLoggerCanBeInjected(t *testing.T) {
	t.Parallel()
	builder, output := inMemory(t, nil)
	builder.Add(fx.Invoke(func(log *slog.Logger) { log.Info("hello", "n", 1) }))
	live(t, builder)
	wantText(t, "the log", output.String(), "\tinfo\thello\t{\"n\": 1}\n")
}

func TestGlobalLoggersAreRedirectedWhileTheHostIsThere(t *testing.T) {
	before, writer := slog.Default(), log.Writer()
	builder, output := inMemory(t, nil)
	builder.Logging.RedirectGlobals = true
	builder.Add(fx.Invoke(func() {
		log.Print("from log")
		slog.Info("from slog")
	}))
	live(t, builder)
	wantText(t, "the log", output.String(), "\tinfo\tlog\tfrom log\n", "\tinfo\tfrom slog\n")
	if slog.Default() != before || log.Writer() != writer {
		t.Error("they were not put back")
	}

	failing, _ := inMemory(t, nil)
	failing.Logging.RedirectGlobals = true
	failing.Add(fx.Error(os.ErrInvalid))
	if _, err := failing.Build(); err == nil || slog.Default() != before || log.Writer() != writer {
		t.Errorf("they were not put back after %v", err)
	}
}

func TestAFileStartsFromTheContentRoot(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	builder, _ := inMemory(t, map[string]any{"Logging:File:Path": "logs/app.log", "Logging:LogLevel:fxhost": "Trace", "Db:Password": "hunter2"})
	builder.Environment.ContentRoot = root
	live(t, builder)
	b, err := os.ReadFile(filepath.Join(root, "logs", "app.log"))
	if err != nil {
		t.Fatal(err)
	}
	// What is there to see of the configuration, without the secrets.
	wantText(t, "the file", string(b), `"message":"host stopped"`, `"message":"configuration"`, `Db:Password = *** (memory)`)
	if strings.Contains(string(b), "hunter2") {
		t.Errorf("a secret is in\n%s", b)
	}
}

func TestWhatIsWrongWithOptionsAndLogIsToldAtOnce(t *testing.T) {
	t.Parallel()
	builder, _ := inMemory(t, map[string]any{"shutdownTimeoutSeconds": "soon", "Logging:LogLevel:Default": "Loud"})
	_, err := builder.Build()
	if err == nil {
		t.Fatal("no error")
	}
	wantText(t, "the error", err.Error(), `config: shutdownTimeoutSeconds: "soon": `, `config: Logging:LogLevel:Default: "Loud": `)
}
