package logging

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
)

// Settings are the settings that only code can give. The zero value is ready to use.
type Settings struct {
	// Output is where records go. Default os.Stdout, as .NET's console.
	// Writes are serialised, so it need not be safe for concurrent use.
	Output zapcore.WriteSyncer

	// ErrorOutput is where zap says that a record could not be written, and where
	// records go that Logging:Console:LogToStandardErrorThreshold sends there.
	// Default os.Stderr.
	ErrorOutput zapcore.WriteSyncer

	// Formatter is the format of the console if the configuration does not name one
	// with Logging:Console:FormatterName: simple, json or systemd. Default simple.
	Formatter string

	// MinimumLevel is the level of a category that no rule of the configuration
	// matches. Default info.
	MinimumLevel zapcore.Level

	// ContextFields return fields, such as the ids of a trace, for each record that
	// is logged through [Slog] with a context. They are called only for records that
	// are enabled. The fields are outside of any group of the record.
	ContextFields []func(context.Context) []zap.Field

	// RedirectGlobals redirects the global loggers of the process to this one from
	// the build of the host until it has stopped, see [RedirectGlobals]. Only package
	// host reads it.
	RedirectGlobals bool

	// ContentRoot is the folder that a relative Logging:File:Path starts from.
	// Default is the working directory; in package host, its content root.
	ContentRoot string

	// Options are passed to zap.New. A core that they add is called once for each
	// record that the levels by category let through, whether it goes to the console,
	// to the file, or to both.
	Options []zap.Option
}

// New returns the logger that section Logging of the configuration and s describe. The
// configuration may be nil. The level of a logger is that of its full name, also after
// Logger.Named.
//
// Levels change when the configuration is reloaded; a level that does not exist fails
// the reload as a whole. All other settings are read once. A file stays open until
// [Close].
//
// The error has a [*config.KeyError] for each setting that cannot be used.
func New(configuration *config.Manager, s Settings) (*zap.Logger, error) {
	if configuration == nil {
		configuration = &config.Manager{}
	}
	monitor, err := config.NewMonitor(configuration, "Logging",
		config.Default(defaultSection()), config.Validate((*section).check))
	if err != nil {
		return nil, err
	}
	log, err := monitor.Current().build(s)
	if err != nil {
		return nil, err
	}
	if levels, ok := LevelsOf(log); ok {
		levels.configured = func() *ruleSets {
			sets, _ := monitor.Current().ruleSets(level(s.MinimumLevel), levels.common.file != nil) // they have been checked
			return sets
		}
		monitor.OnChange(func(_, _ *section) { levels.refresh() })
		levels.refresh() // a load since the logger was built was not told
	}
	return log, nil
}

// shared is what the cores of one logger have in common.
type shared struct {
	rules         atomic.Pointer[ruleSets] // swapped for all categories in one step
	levels        *Levels
	contextFields []func(context.Context) []zap.Field
	file          *logFile // nil if there is none
	dropped       atomic.Uint64
	closed        atomic.Bool
}

func (section *section) build(s Settings) (*zap.Logger, error) {
	if s.Output == nil {
		s.Output = os.Stdout
	}
	if s.ErrorOutput == nil {
		s.ErrorOutput = os.Stderr
	}
	errorOutput := zapcore.Lock(s.ErrorOutput)
	common := &shared{contextFields: s.ContextFields}
	common.levels = &Levels{common: common}
	sets, err := section.ruleSets(level(s.MinimumLevel), section.File != nil)
	if err != nil {
		return nil, err
	}
	common.rules.Store(sets)
	format := section.Console.FormatterName
	if format == "" {
		if err := format.UnmarshalText([]byte(s.Formatter)); err != nil {
			return nil, fmt.Errorf("logging: Settings.Formatter: %q: %w", s.Formatter, err)
		}
	}
	outputs := section.Console.core(format, s, errorOutput)
	if section.File != nil {
		if common.file, err = section.File.open(s.ContentRoot); err != nil {
			return nil, err
		}
		outputs = fork{console: outputs, file: zapcore.NewCore(section.File.encoder(), common.file, all), common: common}
	}

	options := []zap.Option{zap.ErrorOutput(errorOutput)}
	options = append(options, s.Options...)
	options = append(options, zap.WrapCore(func(inner zapcore.Core) zapcore.Core {
		return newCore(section.Sampling.wrap(inner, common), common)
	}))
	return zap.New(outputs, options...), nil
}

// all are the levels that the inner cores take.
const all = zapcore.Level(math.MinInt8)

// core writes to the console: all to Output, or what is bad enough to ErrorOutput.
func (c *console) core(format formatter, s Settings, errorOutput zapcore.WriteSyncer) zapcore.Core {
	o := c.options()
	out := zapcore.NewCore(format.encoder(o, s.Output), zapcore.Lock(s.Output), all)
	threshold := zapcore.Level(c.LogToStandardErrorThreshold)
	if threshold >= noneLevel {
		return out
	}
	bad := zapcore.NewCore(format.encoder(o, s.ErrorOutput), errorOutput, all)
	return split{good: out, bad: bad, threshold: threshold}
}

// split is a core that writes bad records elsewhere.
type split struct {
	good, bad zapcore.Core
	threshold zapcore.Level
}

func (s split) of(l zapcore.Level) zapcore.Core {
	if l >= s.threshold {
		return s.bad
	}
	return s.good
}

// Enabled lets all pass, as good and bad do.
func (s split) Enabled(zapcore.Level) bool { return true }

func (s split) With(fields []zapcore.Field) zapcore.Core {
	return split{good: s.good.With(fields), bad: s.bad.With(fields), threshold: s.threshold}
}

func (s split) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return s.of(e.Level).Check(e, ce)
}

// Write is for cores of [Settings.Options] that do not ask Check of the one below.
func (s split) Write(e zapcore.Entry, fields []zapcore.Field) error {
	return s.of(e.Level).Write(e, fields)
}

func (s split) Sync() error { return errors.Join(s.good.Sync(), s.bad.Sync()) }
