package logging

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
)

// Settings are what code decides about logging. The zero value is complete.
type Settings struct {
	// Output is where records go. Default os.Stdout, as .NET's console (LO-9).
	// Writes are serialised, so it need not be safe for concurrent use.
	Output zapcore.WriteSyncer

	// ErrorOutput is where zap says that a record could not be written. Default
	// os.Stderr.
	ErrorOutput zapcore.WriteSyncer

	// MinimumLevel is the level of a category that no rule of the configuration
	// matches (LO-5). Default info.
	MinimumLevel zapcore.Level

	// Options are given to zap.New. Cores that they wrap are below the levels by
	// category: they see only what has passed.
	Options []zap.Option
}

// New makes the logger that section Logging of the configuration and s describe.
// The configuration may be nil. Loggers named after a category, as every hosted
// service's is, have the level of their full name, and so has any
// Logger.Named.
//
// The error has a [*config.KeyError] for each setting that cannot be used.
func New(configuration *config.Manager, s Settings) (*zap.Logger, error) {
	var section section
	if configuration != nil {
		if err := configuration.Bind("Logging", &section); err != nil {
			return nil, err
		}
	}
	rules, err := section.ruleSet(s.MinimumLevel)
	if err != nil {
		return nil, err
	}
	newEncoder := newSimpleEncoder
	if section.Console.FormatterName == formatterJSON {
		newEncoder = newJSONEncoder
	}
	return build(newEncoder(), rules, s), nil
}

// Bootstrap returns the logger for what must be said before there is a
// configuration: simple format, os.Stderr, info.
func Bootstrap() *zap.Logger {
	return build(newSimpleEncoder(), &ruleSet{}, Settings{Output: os.Stderr})
}

func build(encoder zapcore.Encoder, rules *ruleSet, s Settings) *zap.Logger {
	if s.Output == nil {
		s.Output = os.Stdout
	}
	if s.ErrorOutput == nil {
		s.ErrorOutput = os.Stderr
	}
	var current atomic.Pointer[ruleSet]
	current.Store(rules)

	const all = zapcore.Level(math.MinInt8)
	options := []zap.Option{zap.ErrorOutput(zapcore.Lock(s.ErrorOutput))}
	options = append(options, s.Options...)
	options = append(options, zap.WrapCore(func(inner zapcore.Core) zapcore.Core {
		return newCore(inner, &current)
	}))
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(s.Output), all), options...)
}

// section is section Logging.
type section struct {
	LogLevel map[string]level
	Console  console
	Other    map[string]any `config:",remain"` // providers that are not here
}

// console is section Logging:Console. What is any is .NET's, and does nothing yet.
type console struct {
	LogLevel         map[string]level
	FormatterName    formatter
	FormatterOptions any

	LogToStandardErrorThreshold, MaxQueueLength, QueueFullMode             any
	TimestampFormat, UseUtcTimestamp, IncludeScopes, DisableColors, Format any
}

// ruleSet gathers the rules of both LogLevel sections.
func (s *section) ruleSet(fallback zapcore.Level) (*ruleSet, error) {
	rules := &ruleSet{fallback: fallback}
	var errs []error
	add := func(path string, levels map[string]level, console bool) {
		for pattern, l := range levels {
			r, err := newRule(pattern, l, console)
			if err != nil {
				errs = append(errs, &config.KeyError{Key: path + ":" + pattern, Err: err})
			}
			rules.rules = append(rules.rules, r)
		}
	}
	add("Logging:LogLevel", s.LogLevel, false)
	add("Logging:Console:LogLevel", s.Console.LogLevel, true)
	rules.sort()
	return rules, errors.Join(errs...)
}

const (
	formatterSimple formatter = "simple"
	formatterJSON   formatter = "json"
)

// formatter is the name of a format; "" is simple.
type formatter string

// UnmarshalText reads a name in any case.
func (f *formatter) UnmarshalText(text []byte) error {
	switch name := formatter(strings.ToLower(string(text))); name {
	case "", formatterSimple, formatterJSON:
		*f = name
		return nil
	default:
		return fmt.Errorf("unknown formatter; use %s or %s", formatterSimple, formatterJSON)
	}
}
