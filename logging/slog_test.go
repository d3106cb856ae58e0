package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

func TestTheSlogHandlerDoesWhatSlogAsks(t *testing.T) {
	t.Parallel()
	configuration, err := config.New(config.Map(map[string]any{"Logging:Console:FormatterName": "json"}))
	if err != nil {
		t.Fatal(err)
	}
	output := &bytes.Buffer{}
	zapLog, err := logging.New(configuration, logging.Settings{Output: zapcore.AddSync(output)})
	if err != nil {
		t.Fatal(err)
	}
	err = slogtest.TestHandler(logging.Slog(zapLog).Handler(), func() (records []map[string]any) {
		for line := range strings.Lines(output.String()) {
			record := map[string]any{}
			if err := json.Unmarshal([]byte(line), &record); err != nil {
				t.Fatal(err)
			}
			record[slog.MessageKey] = record["message"]
			records = append(records, record)
		}
		return records
	})
	if err != nil {
		t.Error(err)
	}
}

func TestSlogHasTheLevelsOfItsCategory(t *testing.T) {
	t.Parallel()
	zapLog, output := setup(t, map[string]any{"LogLevel": map[string]any{"Default": "Error", "orders": "Debug"}})
	all := logging.Slog(zapLog)
	orders := category.NamedSlog(all.With("a", 1).WithGroup("g"), "orders")
	ctx := context.Background()
	if all.Enabled(ctx, slog.LevelWarn) || !orders.Enabled(ctx, slog.LevelDebug) || !logging.Slog(category.Named(zapLog, "orders")).Enabled(ctx, slog.LevelDebug) {
		t.Error("the levels are not those of the category")
	}
	all.Warn("no")
	orders.Debug("yes", "b", 2)
	if got := output.String(); !strings.HasSuffix(got, "Z\tdbug\torders\tyes\t{\"a\": 1, \"g\": {\"b\": 2}}\n") || strings.Contains(got, "no") {
		t.Errorf("output\n%s", got)
	}
}

// Plain zap keeps the core when it names a logger, so its category is not the
// core's.
func TestSlogOfALoggerNamedByZapHasTheLevelsOfTheName(t *testing.T) {
	t.Parallel()
	zapLog, output := setup(t, map[string]any{"LogLevel": map[string]any{"Default": "Error", "orders": "Debug", "quiet": "None"}})
	logging.Slog(zapLog.Named("orders")).Debug("yes")
	if logging.Slog(zapLog.Named("quiet")).Enabled(t.Context(), slog.LevelError) {
		t.Error("an error of quiet is enabled")
	}
	if _, got, _ := strings.Cut(output.String(), "\t"); got != "dbug\torders\tyes\n" {
		t.Errorf("output %q", output)
	}
}

func TestWhatIsBelowDebugInSlogIsTrace(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]int{"Debug": 0, "Trace": 1} {
		zapLog, output := setup(t, map[string]any{"LogLevel:Default": level})
		logging.Slog(zapLog).Log(t.Context(), slog.LevelDebug-4, "m")
		if got := strings.Count(output.String(), "\n"); got != want {
			t.Errorf("%s: %d records, want %d", level, got, want)
		}
	}
}

type user struct{}

func TestFieldsOfTheContext(t *testing.T) {
	t.Parallel()
	output := &bytes.Buffer{}
	zapLog, err := logging.New(nil, logging.Settings{
		Output: zapcore.AddSync(output),
		ContextFields: []func(context.Context) []zap.Field{
			func(ctx context.Context) []zap.Field {
				name, ok := ctx.Value(user{}).(string)
				if !ok {
					return nil
				}
				return []zap.Field{zap.String("user", name), zap.Inline(seven{})}
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := logging.Slog(zapLog)
	s.InfoContext(context.WithValue(t.Context(), user{}, "ada"), "with", "a", 1)
	s.WithGroup("g").With("b", 2).InfoContext(context.WithValue(t.Context(), user{}, "bob"), "below", "c", 3)
	s.WithGroup("g").InfoContext(t.Context(), "empty")
	s.InfoContext(t.Context(), "without")
	if got := output.String(); !strings.Contains(got, `with	{"user": "ada", "n": 7, "a": 1}`) ||
		!strings.Contains(got, `below	{"user": "bob", "n": 7, "g": {"b": 2, "c": 3}}`) || !strings.HasSuffix(got, "\twithout\n") {
		t.Errorf("output\n%s", got)
	}
}

// seven makes a field that has no key of its own.
type seven struct{}

func (seven) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddInt("n", 7)
	return nil
}

type takesBoth struct {
	zap  *zap.Logger
	slog *slog.Logger
}

func (*takesBoth) StartAsync(context.Context) error { return nil }
func (*takesBoth) StopAsync(context.Context) error  { return nil }

func newTakesBoth(z *zap.Logger, s *slog.Logger) *takesBoth { return &takesBoth{z, s} }

func TestACategoryNamesAPartOfAnApplication(t *testing.T) {
	t.Parallel()
	zapLog, output := setup(t, map[string]any{"LogLevel": map[string]any{"Default": "Error", "orders.import": "Debug"}})
	var service *takesBoth
	var outside *zap.Logger
	err := fx.New(fx.NopLogger, hosted.Module(),
		fx.Supply(zapLog), fx.Provide(logging.Slog),
		logging.Category("orders",
			fx.Invoke(func(l *zap.Logger) { l.Error("in orders") }),
			logging.Category("import",
				hosted.AddHostedService[*takesBoth](newTakesBoth, hosted.Name("reader")),
				fx.Invoke(func(l *zap.Logger, s *slog.Logger) { l.Debug("in import") }),
			),
		),
		fx.Populate(&service, &outside),
	).Err()
	if err != nil {
		t.Fatal(err)
	}
	service.zap.Debug("a")
	service.slog.Debug("b")
	outside.Debug("no")
	for _, want := range []string{"\torders\tin orders\n", "\torders.import\tin import\n", "\torders.import.reader\ta\n", "\torders.import.reader\tb\n"} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("%q is not in\n%s", want, output)
		}
	}
	// Without a *slog.Logger in the application, too.
	err = fx.New(fx.NopLogger, fx.Supply(zapLog), logging.Category("x", fx.Invoke(func(*zap.Logger) {}))).Err()
	if err != nil {
		t.Error(err)
	}
}

func TestGlobalsAreRedirectedAndPutBack(t *testing.T) { // Z9
	zapLog, output := setup(t, nil)
	oldSlog, oldWriter, oldFlags, oldPrefix, oldZap := slog.Default(), log.Writer(), log.Flags(), log.Prefix(), zap.L()
	mine := &bytes.Buffer{}
	log.SetOutput(mine)
	log.SetPrefix("p: ")
	t.Cleanup(func() { log.SetOutput(oldWriter); log.SetPrefix(oldPrefix) })

	restore := logging.RedirectGlobals(zapLog)
	log.Print("from log")
	slog.Info("from slog", "a", 1)
	zap.L().Info("from zap")
	restore()
	log.Print("not ours")
	for _, want := range []string{"\tinfo\tlog\tfrom log\n", "\tinfo\tfrom slog\t{\"a\": 1}\n", "\tinfo\tfrom zap\n"} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("%q is not in\n%s", want, output)
		}
	}
	if strings.Contains(output.String(), "not ours") || !strings.Contains(mine.String(), "not ours") {
		t.Errorf("ours has\n%s\nmine\n%s", output, mine)
	}
	if slog.Default() != oldSlog || log.Flags() != oldFlags || log.Prefix() != "p: " || zap.L() != oldZap {
		t.Error("something was not put back")
	}
}
