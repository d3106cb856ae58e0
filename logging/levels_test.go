package logging_test

import (
	"fmt"
	"io"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

const (
	trace = zapcore.DebugLevel - 1
	none  = zapcore.FatalLevel + 1
)

// level is the lowest at which a logger writes.
func level(log *zap.Logger) zapcore.Level {
	for l := trace; l <= zapcore.FatalLevel; l++ {
		if log.Check(l, "") != nil && log.Core().Enabled(l) {
			return l
		}
	}
	return none
}

func TestLevelsHaveTheNamesOfDotNetAndZap(t *testing.T) { // LO-3, LO-4
	t.Parallel()
	for name, want := range map[string]zapcore.Level{
		"Trace": trace, "Debug": zapcore.DebugLevel, "Information": zapcore.InfoLevel, "Warning": zapcore.WarnLevel,
		"Error": zapcore.ErrorLevel, "Critical": zapcore.DPanicLevel, "None": none,
		"debug": zapcore.DebugLevel, "info": zapcore.InfoLevel, "warn": zapcore.WarnLevel, "error": zapcore.ErrorLevel,
		"dpanic": zapcore.DPanicLevel, "panic": zapcore.PanicLevel, "fatal": zapcore.FatalLevel, "WARNING": zapcore.WarnLevel,
	} {
		log, _ := setup(t, map[string]any{"LogLevel:Default": name})
		// Check of panic and fatal is never nil: zap must end the goroutine or process.
		if want >= zapcore.PanicLevel {
			if log.Core().Enabled(want-1) || want != none && !log.Core().Enabled(want) {
				t.Errorf("%s is not %v", name, want)
			}
			continue
		}
		if got := level(log); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
}

func TestTheLongestPrefixDecides(t *testing.T) { // LO-1, LO-2, LO-3
	t.Parallel()
	log, _ := setup(t, map[string]any{
		"LogLevel": map[string]any{
			"default": "Warning", "Orders": "Error", "orders.Import": "Debug", "*.audit": "Trace", "pay*.slow": "Error", "console": "Debug",
		},
		"Console:LogLevel": map[string]any{"Console": "Critical"},
		"Debug:LogLevel":   map[string]any{"Default": "Trace"},
	})
	for name, want := range map[string]zapcore.Level{
		"":                zapcore.WarnLevel,
		"other":           zapcore.WarnLevel,
		"orders":          zapcore.ErrorLevel,
		"ORDERS":          zapcore.ErrorLevel,
		"ordersArchive":   zapcore.ErrorLevel, // a prefix is plain text, as in .NET
		"orders.export":   zapcore.ErrorLevel,
		"orders.import":   zapcore.DebugLevel,
		"orders.import.x": zapcore.DebugLevel,
		"stock.audit":     trace,
		"stock.audit.x":   zapcore.WarnLevel,
		"pay.a.slow":      zapcore.ErrorLevel,
		"pay":             zapcore.WarnLevel,
		"console.x":       zapcore.DPanicLevel,
	} {
		named := category.Named(log, name)
		if got := checked(named); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
		if name == "" {
			continue
		}
		if got := checked(log.Named(name)); got != want {
			t.Errorf("%q named by zap: %v, want %v", name, got, want)
		}
		if got := checked(log.WithLazy(zap.Int("n", 1)).Named(name)); got != want {
			t.Errorf("%q with lazy fields: %v, want %v", name, got, want)
		}
	}
}

// checked is the lowest level at which the logger lets a record pass.
func checked(log *zap.Logger) zapcore.Level {
	for l := trace; l < zapcore.PanicLevel; l++ {
		if log.Check(l, "") != nil {
			return l
		}
	}
	return none
}

func TestARuleOfTheConsoleHidesLongerGeneralOnes(t *testing.T) { // LO-1
	t.Parallel()
	log, _ := setup(t, map[string]any{"LogLevel:orders.import": "Debug", "Console:LogLevel:Default": "Error"})
	if got := checked(category.Named(log, "orders.import")); got != zapcore.ErrorLevel {
		t.Errorf("level %v, want error", got)
	}
}

func TestTheMinimumLevelIsForWhatNoRuleMatches(t *testing.T) { // LO-5
	t.Parallel()
	configuration, err := config.New(config.Map(map[string]any{"Logging:LogLevel:orders": "Warning"}))
	if err != nil {
		t.Fatal(err)
	}
	log, err := logging.New(configuration, logging.Settings{MinimumLevel: zapcore.DebugLevel})
	if err != nil {
		t.Fatal(err)
	}
	if checked(category.Named(log, "orders")) != zapcore.WarnLevel || checked(category.Named(log, "stock")) != zapcore.DebugLevel {
		t.Error("not warn for orders and debug for the rest")
	}
}

// Enabled is asked without a name (Z3), so it must let pass what a logger below
// the category may write, and nothing more.
func TestEnabledIsTheLowestLevelBelowTheCategory(t *testing.T) {
	t.Parallel()
	log, _ := setup(t, map[string]any{"LogLevel": map[string]any{
		"Default": "Error", "orders": "Warning", "orders.import.csv": "Debug", "ordersArchive": "Trace", "stock*.slow": "Information",
	}})
	for name, want := range map[string]zapcore.Level{
		"":                  trace,
		"orders":            zapcore.DebugLevel,
		"Orders.Import":     zapcore.DebugLevel,
		"orders.export":     zapcore.WarnLevel,
		"orders.import.csv": zapcore.DebugLevel,
		"ordersArchive":     trace,
		"stock":             zapcore.InfoLevel,
		"stock.a":           zapcore.InfoLevel,
		"sto":               zapcore.ErrorLevel,
		"other":             zapcore.ErrorLevel,
	} {
		core := category.Named(log, name).Core()
		for l := trace; l <= zapcore.FatalLevel; l++ {
			if core.Enabled(l) != (l >= want) {
				t.Errorf("%q: Enabled(%v) is %v", name, l, core.Enabled(l))
			}
		}
	}
}

// A rule with a suffix matches a name and not those below it.
func TestANameBelowOneOfASuffixHasItsOwnLevel(t *testing.T) { // LO-2, Z3
	t.Parallel()
	log, _ := setup(t, map[string]any{"LogLevel": map[string]any{"Default": "Information", "*.slow": "Error", "b": "Warning"}})
	for parent, want := range map[string]zapcore.Level{"a.slow": zapcore.InfoLevel, "b.slow": zapcore.WarnLevel} {
		named := category.Named(log, parent)
		if got := checked(named); got != zapcore.ErrorLevel {
			t.Errorf("%s: %v, want error", parent, got)
		}
		if got := checked(named.Named("x")); got != want {
			t.Errorf("%s.x named by zap: %v, want %v", parent, got, want)
		}
	}
}

// What Enabled lets pass without need costs the fields of a record.
func TestEnabledKnowsWhichRulesAreHidden(t *testing.T) { // LO-1, Z3
	t.Parallel()
	log, _ := setup(t, map[string]any{"LogLevel:orders.import": "Trace", "Console:LogLevel:Default": "Error"})
	if log.Core().Enabled(zapcore.WarnLevel) {
		t.Error("warn is enabled, though Default of the console hides the rule that allows it")
	}
}

func TestFieldsStayWithTheCategory(t *testing.T) {
	t.Parallel()
	log, output := setup(t, map[string]any{"LogLevel:orders": "Debug"})
	orders := category.Named(log.With(zap.Int("n", 1)), "orders").With(zap.Int("m", 2))
	orders.Debug("yes")
	log.Debug("no")
	wantOutput(t, output, "2025-05-01T10:00:00.123Z\tdbug\torders\tyes\t{\"n\": 1, \"m\": 2}\n")
}

func TestTraceHasAName(t *testing.T) {
	t.Parallel()
	log, output := setup(t, map[string]any{"LogLevel:Default": "Trace"})
	log.Log(trace, "m")
	wantOutput(t, output, "2025-05-01T10:00:00.123Z\ttrce\tm\n")
}

// Whatever rules and names there are: the record of a category that may be
// written is never stopped by Enabled of its own logger or of one above it.
func FuzzLevels(f *testing.F) {
	f.Add("orders", "Debug", "orders.import", "Error", "orders.import.csv")
	f.Add("*", "None", "a*b", "Trace", "a.b")
	f.Add("Default", "Warning", "É", "Debug", "é.x")
	f.Add("a*.slow", "Trace", "a", "Error", "a..slow")
	f.Add("*.slow", "Error", "x", "Debug", "a.slow.x")
	f.Fuzz(func(t *testing.T, pattern1, level1, pattern2, level2, name string) {
		configuration, err := config.New(config.Map(map[string]any{"Logging": map[string]any{
			"LogLevel": map[string]any{pattern1: level1}, "Console": map[string]any{"LogLevel": map[string]any{pattern2: level2}},
		}}))
		if err != nil {
			t.Skip()
		}
		log, err := logging.New(configuration, logging.Settings{})
		if err != nil {
			t.Skip()
		}
		own := category.Named(log, name)
		want := checked(own)
		if got := checked(log.Named(name)); got != want {
			t.Errorf("%q: %v, named by zap %v", name, want, got)
		}
		for i, c := range name {
			if c != '.' || i == 0 || i == len(name)-1 {
				continue
			}
			if got := checked(category.Named(log, name[:i]).Named(name[i+1:])); got != want {
				t.Errorf("%q: %v, named by zap below %q %v", name, want, name[:i], got)
			}
		}
	})
}

func TestLevelsHaveTheNumbersOfDotNet(t *testing.T) {
	t.Parallel()
	names := []string{"Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"}
	for number, name := range names {
		for _, value := range []any{number, fmt.Sprint(number)} {
			if got, want := levelOf(t, value), levelOf(t, name); got != want {
				t.Errorf("%v is %v, want %v", value, got, want)
			}
		}
	}
}

// LEVEL=${LEVEL:-} of a compose file leaves the level as it is.
func TestAnEmptyVariableIsNoLevel(t *testing.T) {
	t.Parallel()
	m, err := config.New(config.Map(map[string]any{"Logging:LogLevel:Default": "Warning"}),
		config.Environment("", []string{"LOGGING__LOGLEVEL__DEFAULT=", "LOGGING__LOGLEVEL__ORDERS="}))
	if err != nil {
		t.Fatal(err)
	}
	log, err := logging.New(m, logging.Settings{Output: zapcore.AddSync(io.Discard)})
	if err != nil {
		t.Fatal(err)
	}
	if got := level(log.Named("orders")); got != zap.WarnLevel {
		t.Errorf("level %v", got)
	}
}

func levelOf(t *testing.T, value any) zapcore.Level {
	t.Helper()
	m, err := config.New(config.Map(map[string]any{"Logging:LogLevel:Default": value}))
	if err != nil {
		t.Fatal(err)
	}
	log, err := logging.New(m, logging.Settings{Output: zapcore.AddSync(io.Discard)})
	if err != nil {
		t.Fatal(err)
	}
	return level(log)
}
