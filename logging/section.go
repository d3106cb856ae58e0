package logging

import (
	"errors"
	"slices"
	"strings"
	"time"

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
	SingleLine      *bool
	TimestampFormat string
	UseUtcTimestamp bool
	ColorBehavior   colorBehavior

	IncludeScopes, JSONWriterOptions any // without effect
}

// file is section Logging:File.
type file struct {
	LogLevel         map[string]level
	FormatterName    formatter
	FormatterOptions formatterOptions
	Path             string
	MaxSize          config.Size
	MaxAge           time.Duration
	MaxFiles         int
	Compress         bool
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
			p.add(name, config.ErrUnknownKey, "known are LogLevel, Console, File, Sampling, and providers with a LogLevel")
		}
	}
	_, err := s.ruleSets(0)
	p = append(p, err)
	_, err = newTimestamp(s.Console.options())
	p.add("Console:FormatterOptions:TimestampFormat", err, "")
	if s.File != nil {
		s.File.check(&p)
	}
	if s.Sampling != nil {
		s.Sampling.check(&p)
	}
	return p.err()
}

// isProvider tells whether a key is known to .NET: one of its other providers, or
// one that has levels of its own (LO-3).
func isProvider(name string, value any) bool {
	for _, known := range []string{
		"IncludeScopes", "Debug", "EventSource", "EventLog", "TraceSource", "ApplicationInsights", "AzureAppServicesFile", "AzureAppServicesBlob",
	} {
		if strings.EqualFold(name, known) {
			return true
		}
	}
	keys, _ := value.(map[string]any)
	for key := range keys {
		if strings.EqualFold(key, "LogLevel") {
			return true
		}
	}
	return false
}

// ruleSets are the rules of the providers in force.
type ruleSets struct{ console, file *ruleSet }

func (s *section) ruleSets(fallback level) (*ruleSets, error) {
	var p problems
	general := newRules(&p, "LogLevel", s.LogLevel)
	of := func(name string, levels map[string]level) *ruleSet {
		return newRuleSet(fallback, newRules(&p, name+":LogLevel", levels), general)
	}
	sets := &ruleSets{console: of("Console", s.Console.LogLevel)}
	if s.File != nil {
		sets.file = of("File", s.File.LogLevel)
	}
	return sets, p.err()
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

func (s *ruleSets) ofConsole() *ruleSet { return s.console }
func (s *ruleSets) ofFile() *ruleSet    { return s.file }
