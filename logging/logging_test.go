package logging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

// clock always shows the same time.
type clock struct{}

func (clock) Now() time.Time {
	return time.Date(2025, 5, 1, 10, 0, 0, 123456789, time.UTC)
}

func (clock) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

// setup returns a logger of the settings in section Logging, and its output.
func setup(tb testing.TB, section map[string]any, options ...zap.Option) (*zap.Logger, *bytes.Buffer) {
	tb.Helper()
	configuration, err := config.New(config.Map(map[string]any{"Logging": section}))
	if err != nil {
		tb.Fatal(err)
	}
	output := &bytes.Buffer{}
	log, err := logging.New(configuration, logging.Settings{
		Output:  zapcore.AddSync(output),
		Options: append([]zap.Option{zap.WithClock(clock{})}, options...),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return log, output
}

func wantOutput(t *testing.T, output *bytes.Buffer, want string) {
	t.Helper()
	if got := output.String(); got != want {
		t.Errorf("output\n%q\nwant\n%q", got, want)
	}
}

func TestSimpleIsOneLineToRead(t *testing.T) {
	t.Parallel()
	log, output := setup(t, nil)
	log.Named("orders").With(zap.Int("worker", 1)).Info("order accepted",
		zap.Duration("elapsed", 1500*time.Millisecond), zap.Time("at", clock{}.Now()))
	wantOutput(t, output, "2025-05-01T10:00:00.123Z\tinfo\torders\torder accepted\t"+
		`{"worker": 1, "elapsed": "1.5s", "at": "2025-05-01T10:00:00.123Z"}`+"\n")
}

func TestJSONIsOneObjectPerLine(t *testing.T) {
	t.Parallel()
	log, output := setup(t, map[string]any{"Console:FormatterName": "JSON"})
	log.Named("orders").Info("order accepted", zap.Duration("elapsed", 1500*time.Millisecond), zap.Error(errors.New("a\nb")))
	wantOutput(t, output, `{"level":"info","time":"2025-05-01T10:00:00.123456789Z","logger":"orders",`+
		`"message":"order accepted","elapsed":"1.5s","error":"a\nb"}`+"\n")
	if !json.Valid(output.Bytes()) {
		t.Error("not JSON")
	}
}

func TestSimplePutsErrorsBelowTheLine(t *testing.T) {
	t.Parallel()
	const head = "2025-05-01T10:00:00.123Z\tfail\tfailed"
	failed := errors.New("first \"line\"\n\tsecond\r\n")
	for _, c := range []struct {
		name string
		log  func(*zap.Logger)
		want string
	}{
		{
			"field", func(l *zap.Logger) { l.Error("failed", zap.Error(failed), zap.Int("n", 1)) },
			head + "\t{\"n\": 1}\n    first \"line\"\n    \tsecond\n",
		},
		{
			"only field", func(l *zap.Logger) { l.Error("failed", zap.Error(failed)) },
			head + "\n    first \"line\"\n    \tsecond\n",
		},
		{
			"with", func(l *zap.Logger) { l.With(zap.Error(failed), zap.Int("n", 1)).Error("failed", zap.Int("m", 2)) },
			head + "\t{\"n\": 1, \"m\": 2}\n    first \"line\"\n    \tsecond\n",
		},
		{"lazily with", func(l *zap.Logger) { l.WithLazy(zap.Error(errors.New("a"))).Error("failed") }, head + "\n    a\n"},
		{
			"both", func(l *zap.Logger) { l.With(zap.Error(errors.New("a"))).Error("failed", zap.Error(errors.New("b"))) },
			head + "\n    a\n    b\n",
		},
		{
			"stack", func(l *zap.Logger) {
				l.Error("failed", zap.Error(errors.New("a")), zap.String("stack", "main.f\n\tf.go:1\n"))
			},
			head + "\n    a\n    main.f\n    \tf.go:1\n",
		},
		{"parts and verbose text", func(l *zap.Logger) {
			l.Error("failed", zap.Error(group{errors.New("a"), errors.New("b")}))
			l.With(zap.Error(verbose{})).Error("failed")
		}, head + "\n    a; b\n" + head + "\n    short\n"},
		{"nil", func(l *zap.Logger) { l.Error("failed", zap.Error(nil)) }, head + "\n"},
		{"nil pointer", func(l *zap.Logger) { l.Error("failed", zap.Error((*config.KeyError)(nil))) }, head + "\n    <nil>\n"},
		{"empty", func(l *zap.Logger) { l.Error("failed", zap.Error(errors.New(""))) }, head + "\t{\"error\": \"\"}\n"},
		{"other key", func(l *zap.Logger) { l.Error("failed", zap.NamedError("cause", errors.New("a"))) }, head + "\t{\"cause\": \"a\"}\n"},
		{"other arrays", func(l *zap.Logger) { l.With(zap.Ints("n", []int{1})).Error("failed") }, head + "\t{\"n\": [1]}\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			log, output := setup(t, nil)
			c.log(log)
			wantOutput(t, output, c.want)
		})
	}
}

func TestSiblingLoggersDoNotShareErrors(t *testing.T) {
	t.Parallel()
	log, output := setup(t, nil)
	parent := log.With(zap.Error(errors.New("p")))
	a, b := parent.With(zap.Error(errors.New("a"))), parent.With(zap.Error(errors.New("b")))
	for _, l := range []*zap.Logger{a, b, parent} {
		l.Info("m")
	}
	const head = "2025-05-01T10:00:00.123Z\tinfo\tm\n    p\n"
	wantOutput(t, output, head+"    a\n"+head+"    b\n"+head)
}

// group is a joined error as multierr makes it, verbose one with a stack trace.
type (
	group   []error
	verbose struct{}
)

func (g group) Error() string   { return g[0].Error() + "; " + g[1].Error() }
func (g group) Errors() []error { return g }

func (verbose) Error() string                                            { return "short" }
func (verbose) Format(s interface{ Write([]byte) (int, error) }, _ rune) {}

func TestNoStackTraceUnlessAskedFor(t *testing.T) {
	t.Parallel()
	log, output := setup(t, nil)
	log.Error("failed")
	if strings.Count(output.String(), "\n") != 1 {
		t.Errorf("output %q", output)
	}

	log, output = setup(t, nil, zap.AddStacktrace(zapcore.ErrorLevel))
	log.Error("failed")
	if !strings.Contains(output.String(), "TestNoStackTraceUnlessAskedFor") {
		t.Errorf("output %q", output)
	}
}

func TestASettingThatCannotBeUsedIsNamed(t *testing.T) {
	t.Parallel()
	const levels = "use Trace, Debug, Information, Warning, Error, Critical or None, or zap's debug, info, warn, error, dpanic, panic or fatal"
	for _, c := range []struct {
		section map[string]any
		want    string
	}{
		{map[string]any{"LogLevel:Default": "Loud"}, `config: Logging:LogLevel:Default: "Loud": unknown level; ` + levels + " (memory)"},
		{map[string]any{"Console:LogLevel:a": 7}, `config: Logging:Console:LogLevel:a: 7: unknown level; ` + levels + " (memory)"},
		{map[string]any{"LogLevel:a:b": "Debug"}, `config: Logging:LogLevel:a: want a single value, got a section (memory)`},
		{map[string]any{"LogLevel:a*b*": "Debug"}, `config: Logging:LogLevel:a*b*: "Debug": a category has at most one "*" (memory)`}, // LO-2
		{map[string]any{"Console:FormatterName": "xml"}, `config: Logging:Console:FormatterName: "xml": unknown formatter; use simple, json or systemd (memory)`},
		{map[string]any{"Console:FormaterName": "json"}, `config: Logging:Console:FormaterName: unknown key (memory); did you mean "FormatterName"?`},
		{map[string]any{"LogLevl:Default": "Debug"}, "config: Logging:LogLevl: unknown key (memory); " +
			`did you mean "LogLevel"?`},
		{map[string]any{"Fancy:Level": "Debug"}, "config: Logging:Fancy: unknown key (memory); " +
			"known are LogLevel, Console, File, Sampling, and providers with a LogLevel"},
		{map[string]any{"Fils:LogLevel": "Debug"}, `config: Logging:Fils: unknown key (memory); did you mean "File"?`},
		{
			map[string]any{"Console:FormatterOptions:ColorBehavior": "Red"},
			`config: Logging:Console:FormatterOptions:ColorBehavior: "Red": want Default, Enabled or Disabled (memory)`,
		},
		{map[string]any{"Console:TimestampFormat": "HH:mm:qq"}, "config: Logging:Console:TimestampFormat: \"HH:mm:qq\": " +
			`unknown part "qq"; use yyyy yy MM dd ddd HH hh mm ss fff tt zzz K, text in quotes, or a layout of Go with 2006 or 15:04 (memory)`},
		{map[string]any{"File:MaxSize": "10MiB"}, "config: Logging:File:Path: is missing"},
		{map[string]any{"File:Path": "x", "File:MaxSize": "10MB"}, `config: Logging:File:MaxSize: "10MB": want whole MiB, such as "100MiB" (memory)`},
		{map[string]any{"File:Path": "x", "File:MaxAge": "36h"}, `config: Logging:File:MaxAge: "36h": want whole days, such as "168h" for a week (memory)`},
		{map[string]any{"Sampling:First": 1}, `config: Logging:Sampling:Every: want the time to count in, such as "1s"`},
	} {
		configuration, err := config.New(config.Map(map[string]any{"Logging": c.section}))
		if err != nil {
			t.Fatal(err)
		}
		_, err = logging.New(configuration, logging.Settings{})
		if err == nil || err.Error() != c.want {
			t.Errorf("error\n%v\nwant\n%s", err, c.want)
		}
		if _, ok := errors.AsType[*config.KeyError](err); !ok {
			t.Errorf("%v is no *KeyError", err)
		}
	}
}

func TestSettingsOfADotNetWorkerLoad(t *testing.T) { // LO-3, LO-6
	t.Parallel()
	path := filepath.Join(t.TempDir(), "appsettings.json")
	if err := os.WriteFile(path, []byte(`{
	  "Logging": {
	    "IncludeScopes": true,
	    "LogLevel": { "Default": "Information", "Microsoft.Hosting.Lifetime": "Warning" },
	    "Debug": { "LogLevel": { "Default": "Nonsense" } },
	    "EventSource": { "LogLevel": { "Default": "Warning" } },
	    "EventLog": { "SourceName": "x" },
	    "Console": {
	      "FormatterName": "simple", "TimestampFormat": "HH:mm:ss ", "LogToStandardErrorThreshold": "Error",
	      "FormatterOptions": { "SingleLine": true, "JsonWriterOptions": { "Indented": true } },
	      "MaxQueueLength": 100, "IncludeScopes": true, "DisableColors": true,
	      "LogLevel": { "Microsoft.Hosting": "Error" }
	    }
	  }
	}`), 0o600); err != nil {
		t.Fatal(err)
	}
	configuration, err := config.New(config.File(path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := logging.New(configuration, logging.Settings{}); err != nil {
		t.Error(err)
	}
}

func TestTheZeroSettingsWriteInfoAndAbove(t *testing.T) { // LO-4
	t.Parallel()
	log, err := logging.New(nil, logging.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if !log.Core().Enabled(zapcore.InfoLevel) || log.Core().Enabled(zapcore.DebugLevel) {
		t.Error("the level is not info")
	}
}

func TestWrappedCoresAreBelowTheLevels(t *testing.T) {
	t.Parallel()
	var seen []string
	log, output := setup(t, map[string]any{"LogLevel:quiet": "Error"}, zap.Hooks(func(e zapcore.Entry) error {
		seen = append(seen, e.LoggerName)
		return nil
	}), zap.Fields(zap.String("app", "x")), zap.IncreaseLevel(zapcore.WarnLevel))

	for _, name := range []string{"quiet", "loud"} {
		named := category.Named(log, name)
		named.Info("no")
		named.Warn("yes")
	}
	if strings.Join(seen, " ") != "loud" {
		t.Errorf("seen %q", seen)
	}
	wantOutput(t, output, "2025-05-01T10:00:00.123Z\twarn\tloud\tyes\t{\"app\": \"x\"}\n")
	if log.Core().Enabled(zapcore.InfoLevel) {
		t.Error("info is enabled, though an option has raised the level")
	}
}

func TestCodeChoosesTheFormatOnlyWhereTheConfigurationDoesNot(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		section map[string]any
		want    string
	}{
		{nil, "<6>hello\n"},
		{map[string]any{"Console:FormatterName": "simple"}, "2025-05-01T10:00:00.123Z\tinfo\thello\n"},
	} {
		configuration, err := config.New(config.Map(map[string]any{"Logging": c.section}))
		if err != nil {
			t.Fatal(err)
		}
		output := &bytes.Buffer{}
		log, err := logging.New(configuration, logging.Settings{
			Output: zapcore.AddSync(output), Formatter: "systemd", Options: []zap.Option{zap.WithClock(clock{})},
		})
		if err != nil {
			t.Fatal(err)
		}
		log.Info("hello")
		wantOutput(t, output, c.want)
	}
	const want = `logging: Settings.Formatter: "xml": unknown formatter; use simple, json or systemd`
	if _, err := logging.New(nil, logging.Settings{Formatter: "xml"}); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
