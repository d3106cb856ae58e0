package logging

import (
	"errors"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/config"
)

// section is section Logging.
type section struct {
	LogLevel map[string]level
	Console  console
	File     *file
	Sampling *sampling
	Other    map[string]any `config:",remain"` // other providers
}

// console is section Logging:Console.
type console struct {
	LogLevel                    map[string]level
	FormatterName               formatter
	FormatterOptions            formatterOptions
	LogToStandardErrorThreshold level

	// Where .NET had the options of the formatter before it had formatters.
	TimestampFormat string
	UseUtcTimestamp *bool
	DisableColors   *bool

	// .NET's, without effect: records are written at once, and have all fields.
	MaxQueueLength, QueueFullMode, IncludeScopes, Format any
}

// formatterOptions is a section FormatterOptions.
type formatterOptions struct {
	SingleLine      *bool         // of simple: nil is one line, errors below it; true is one line for all; false is .NET's layout
	TimestampFormat string        // of .NET or Go; "" is RFC 3339, or no time for systemd and .NET's layout; json is always RFC 3339
	UseUtcTimestamp bool          // instead of the zone of the clock
	ColorBehavior   colorBehavior // of simple

	IncludeScopes, JSONWriterOptions any // without effect
}

// file is section Logging:File.
type file struct {
	LogLevel         map[string]level
	FormatterName    formatter // "" is json
	FormatterOptions formatterOptions
	Path             string        // required; relative to Settings.ContentRoot
	MaxSize          config.Size   // rotates before it is exceeded; 0 is 100 MiB; a record that is larger cannot be written
	MaxAge           time.Duration // of files that were rotated; 0 keeps them
	MaxFiles         int           // that were rotated; 0 keeps all
	Compress         bool          // those, with gzip
}

// sampling is section Logging:Sampling.
type sampling struct {
	Every             time.Duration
	First, Thereafter int
}

func defaultSection() section {
	return section{Console: console{LogToStandardErrorThreshold: level(noneLevel)}}
}

// options are those of the formatter, wherever they are written.
func (c *console) options() formatterOptions {
	o := c.FormatterOptions
	if o.TimestampFormat == "" {
		o.TimestampFormat = c.TimestampFormat
	}
	if c.UseUtcTimestamp != nil {
		o.UseUtcTimestamp = o.UseUtcTimestamp || *c.UseUtcTimestamp
	}
	if c.DisableColors != nil && *c.DisableColors {
		o.ColorBehavior = colorsDisabled
	}
	return o
}

// check refuses what can be read and makes no sense. Its errors name keys below
// the section.
func (s *section) check() error {
	var p problems
	for name, value := range s.Other {
		if !isProvider(name, value) {
			p.add(name, config.ErrUnknownKey, hint(name, "LogLevel", "Console", "File", "Sampling"))
		}
	}
	_, err := s.ruleSets(0, s.File != nil)
	p = append(p, err)
	_, err = timeParts(s.Console.FormatterOptions.TimestampFormat)
	p.add("Console:FormatterOptions:TimestampFormat", err, "")
	_, err = timeParts(s.Console.TimestampFormat)
	p.add("Console:TimestampFormat", err, "")
	if s.File != nil {
		s.File.check(&p)
	}
	if s.Sampling != nil {
		s.Sampling.check(&p)
	}
	return p.err()
}

// isProvider tells whether a key is known to .NET: one of its other providers, or
// one that has levels of its own.
func isProvider(name string, value any) bool {
	for _, known := range []string{
		"IncludeScopes", "Debug", "EventSource", "EventLog", "TraceSource", "ApplicationInsights", "AzureAppServicesFile", "AzureAppServicesBlob",
	} {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	keys, _ := value.(map[string]any)
	for key, levels := range keys {
		if _, isSection := levels.(map[string]any); isSection && strings.EqualFold(key, "LogLevel") {
			return true
		}
	}
	return false
}

// ruleSets are the rules of the providers in force.
type ruleSets struct {
	console *ruleSet
	file    *ruleSet // nil if the logger has no file
}

// ruleSets reads the levels. A logger keeps the file that it was made with, so
// whether there are rules for it is not for a section to say that comes later.
func (s *section) ruleSets(fallback level, hasFile bool) (*ruleSets, error) {
	var p problems
	general := newRules(&p, "LogLevel", s.LogLevel)
	sets := &ruleSets{console: newRuleSet(fallback, newRules(&p, "Console:LogLevel", s.Console.LogLevel), general)}
	if hasFile {
		var own []rule
		if s.File != nil {
			own = newRules(&p, "File:LogLevel", s.File.LogLevel)
		}
		sets.file = newRuleSet(fallback, own, general)
	}
	return sets, p.err()
}

// level is the lowest that one of the providers takes of a category.
func (s *ruleSets) level(category string) zapcore.Level {
	l := s.console.level(category)
	if s.file != nil {
		l = min(l, s.file.level(category))
	}
	return l
}

// lowest is the lowest that one of the providers takes of a category or one below.
func (s *ruleSets) lowest(category string) zapcore.Level {
	l := s.console.lowest(category)
	if s.file != nil {
		l = min(l, s.file.lowest(category))
	}
	return l
}

// problems are errors of keys below section Logging.
type problems []error

func (p *problems) add(key string, err error, hint string) {
	if err != nil {
		*p = append(*p, &config.KeyError{Key: key, Err: err, Hint: hint})
	}
}

func (p problems) err() error {
	errs := slices.DeleteFunc(slices.Clone(p), func(err error) bool { return err == nil })
	return errors.Join(errs...)
}
