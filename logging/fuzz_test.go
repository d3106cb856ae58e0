package logging_test

import (
	"bytes"
	"strings"
	"testing"

	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

// pattern makes a usable category prefix of what the fuzzer gives.
func pattern(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < 0x21 || r > 0x7e || r == ':' {
			return 'o'
		}
		return r
	}, text)
	return text[:min(len(text), 20)]
}

// reference is LO-1 and LO-2 in the plainest words: of the rules that match, first
// those of the provider, the longest decides; Default matches all and is shortest.
func reference(own, general map[string]zapcore.Level, name string) zapcore.Level {
	for _, rules := range []map[string]zapcore.Level{own, general} {
		best, level := -1, zapcore.InfoLevel
		for p, l := range rules {
			length := len(p)
			before, after, _ := strings.Cut(strings.ToLower(p), "*")
			if strings.EqualFold(p, "Default") {
				length, before, after = 0, "", ""
			}
			lower := strings.ToLower(name)
			if strings.HasPrefix(lower, before) && strings.HasSuffix(lower[len(before):], after) && length > best {
				best, level = length, l
			}
		}
		if best >= 0 {
			return level
		}
	}
	return zapcore.InfoLevel
}

// FuzzLevelRules compares the level of a category with the reference.
func FuzzLevelRules(f *testing.F) {
	f.Add("Default", "orders", "orders.import", "orders.import.csv")
	f.Add("orders*csv", "*", "o", "orders.csv")
	f.Add("default", "ORDERS", "ord*", "Orders")
	f.Add("a*a", "aa", "*a", "a")
	f.Fuzz(func(t *testing.T, a, b, c, name string) {
		a, b, c, name = pattern(a), pattern(b), pattern(c), pattern(name)
		for _, p := range []string{a, b, c} {
			if p == "" || strings.Count(p, "*") > 1 {
				return
			}
		}
		if strings.EqualFold(a, b) || len(a) == len(b) {
			return // .NET takes the last added; the order of a file is not kept
		}
		m, err := config.New(config.Map(map[string]any{
			"Logging:LogLevel":         map[string]any{a: "Warning", b: "Error"},
			"Logging:Console:LogLevel": map[string]any{c: "Debug"},
		}))
		if err != nil {
			t.Fatal(err)
		}
		log, err := logging.New(m, logging.Settings{Output: zapcore.AddSync(&bytes.Buffer{})})
		if err != nil {
			t.Fatal(err)
		}
		want := reference(map[string]zapcore.Level{c: zapcore.DebugLevel},
			map[string]zapcore.Level{a: zapcore.WarnLevel, b: zapcore.ErrorLevel}, name)
		if got := level(category.Named(log, name)); got != want {
			t.Errorf("%q %q and console %q: %q is %v, want %v", a, b, c, name, got, want)
		}
	})
}

// FuzzTimestampFormat has each format either refused, or used for a record that is
// one line.
func FuzzTimestampFormat(f *testing.F) {
	for _, seed := range []string{"yyyy-MM-dd", "HH:mm:ss.fff ", "'x", "o", "15:04", "dd\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, format string) {
		m, err := config.New(config.Map(map[string]any{"Logging:Console:TimestampFormat": format}))
		if err != nil {
			t.Fatal(err)
		}
		output := &bytes.Buffer{}
		log, err := logging.New(m, logging.Settings{Output: zapcore.AddSync(output)})
		if err != nil {
			return
		}
		log.Info("m")
		if !strings.HasSuffix(output.String(), "\tinfo\tm\n") || strings.Count(output.String(), "\n") != 1 {
			t.Errorf("%q gives %q", format, output)
		}
	})
}
