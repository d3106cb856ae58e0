package logging

import (
	"errors"
	"sync/atomic"

	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/category"
)

var _ category.Core = (*core)(nil)

// core filters by category what an inner core writes. There is one per category,
// so that Enabled, which is not told the name (Z3), can be exact.
type core struct {
	zapcore.Core // takes every level (Z2)
	filter       *filter
}

// newCore returns the core of the category "".
func newCore(inner zapcore.Core, common *shared) *core {
	return &core{Core: inner, filter: &filter{common: common}}
}

func (c *core) common() *shared { return c.filter.common }

// writes tells whether a record of the core's own category is written.
func (c *core) writes(l zapcore.Level) bool {
	return l >= c.filter.levels().own && c.Core.Enabled(l)
}

// ForCategory implements [category.Core].
func (c *core) ForCategory(name string) zapcore.Core {
	return &core{Core: c.Core, filter: &filter{common: c.filter.common, category: name}}
}

// Enabled tells whether a logger of this category, or one that plain zap has
// named below it, may write at the level.
func (c *core) Enabled(l zapcore.Level) bool {
	return l >= c.filter.levels().lowest && c.Core.Enabled(l)
}

func (c *core) With(fields []zapcore.Field) zapcore.Core {
	return &core{Core: c.Core.With(fields), filter: c.filter}
}

// Check looks the level up for a name that is not the core's: Logger.Named of
// plain zap keeps the core.
func (c *core) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	levels := c.filter.levels()
	own := levels.own
	if e.LoggerName != c.filter.category {
		own = levels.sets.level(e.LoggerName)
	}
	if e.Level < own {
		return ce
	}
	return c.Core.Check(e, ce)
}

// fork is the innermost core of a logger with a file: each of two providers takes
// what its own levels let pass. It is below the cores of [Settings.Options], so
// that their fields are in both outputs and their hooks see a record once.
type fork struct {
	console, file zapcore.Core
	common        *shared
}

// Enabled lets all pass: the core above knows the levels.
func (f fork) Enabled(zapcore.Level) bool { return true }

func (f fork) With(fields []zapcore.Field) zapcore.Core {
	return fork{console: f.console.With(fields), file: f.file.With(fields), common: f.common}
}

func (f fork) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	sets := f.common.rules.Load()
	if e.Level >= sets.console.level(e.LoggerName) {
		ce = f.console.Check(e, ce)
	}
	if e.Level >= sets.file.level(e.LoggerName) {
		ce = f.file.Check(e, ce)
	}
	return ce
}

// Write is for cores of [Settings.Options] that do not ask Check of the one below.
// One output that fails does not keep the other from writing.
func (f fork) Write(e zapcore.Entry, fields []zapcore.Field) error {
	sets := f.common.rules.Load()
	var errs [2]error
	if e.Level >= sets.console.level(e.LoggerName) {
		errs[0] = f.console.Write(e, fields)
	}
	if e.Level >= sets.file.level(e.LoggerName) {
		errs[1] = f.file.Write(e, fields)
	}
	return errors.Join(errs[:]...)
}

func (f fork) Sync() error { return errors.Join(f.console.Sync(), f.file.Sync()) }

// filter has the levels of one category for the rules that are in force. Each
// filter notices by itself when they are swapped, so there is no list of them to
// keep.
type filter struct {
	common   *shared
	category string
	resolved atomic.Pointer[levels]
}

type levels struct {
	sets        *ruleSets
	own, lowest zapcore.Level
}

func (f *filter) levels() *levels {
	sets := f.common.rules.Load()
	if l := f.resolved.Load(); l != nil && l.sets == sets {
		return l
	}
	return f.resolve(sets)
}

// resolve is apart from levels so that levels can be inlined.
func (f *filter) resolve(sets *ruleSets) *levels {
	l := &levels{sets: sets, own: sets.level(f.category), lowest: sets.lowest(f.category)}
	f.resolved.Store(l)
	return l
}
