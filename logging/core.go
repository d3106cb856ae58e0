package logging

import (
	"errors"
	"sync/atomic"

	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/category"
)

var (
	_ category.Core = (*core)(nil)
	_ category.Core = tee{}
)

// closer is a core that New has made.
type closer interface {
	zapcore.Core
	common() *shared
	writes(l zapcore.Level) bool // in its own category
}

// core filters by category what an inner core writes. There is one per category,
// so that Enabled, which is not told the name (Z3), can be exact.
type core struct {
	zapcore.Core // takes every level (Z2)
	filter       *filter
}

// newCore returns the core of the category "" for one provider.
func newCore(inner zapcore.Core, common *shared, provider func(*ruleSets) *ruleSet) *core {
	return &core{Core: inner, filter: &filter{common: common, provider: provider}}
}

func (c *core) common() *shared { return c.filter.common }

func (c *core) writes(l zapcore.Level) bool { return l >= c.filter.levels().own }

// ForCategory implements [category.Core].
func (c *core) ForCategory(name string) zapcore.Core { return c.forCategory(name) }

func (c *core) forCategory(name string) *core {
	return &core{Core: c.Core, filter: &filter{common: c.filter.common, provider: c.filter.provider, category: name}}
}

// Enabled tells whether a logger of this category, or one that plain zap has
// named below it, may write at the level.
func (c *core) Enabled(l zapcore.Level) bool {
	return l >= c.filter.levels().lowest && c.Core.Enabled(l)
}

func (c *core) With(fields []zapcore.Field) zapcore.Core { return c.with(fields) }

func (c *core) with(fields []zapcore.Field) *core {
	return &core{Core: c.Core.With(fields), filter: c.filter}
}

// Check looks the level up for a name that is not the core's: Logger.Named of
// plain zap keeps the core.
func (c *core) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	levels := c.filter.levels()
	own := levels.own
	if e.LoggerName != c.filter.category {
		own = levels.rules.level(e.LoggerName)
	}
	if e.Level < own {
		return ce
	}
	return c.Core.Check(e, ce)
}

// tee is a core for each of two providers, with levels of their own.
type tee struct{ console, file *core }

func (t tee) common() *shared { return t.console.common() }

func (t tee) writes(l zapcore.Level) bool { return t.console.writes(l) || t.file.writes(l) }

// ForCategory implements [category.Core].
func (t tee) ForCategory(name string) zapcore.Core {
	return tee{t.console.forCategory(name), t.file.forCategory(name)}
}

func (t tee) Enabled(l zapcore.Level) bool { return t.console.Enabled(l) || t.file.Enabled(l) }

func (t tee) With(fields []zapcore.Field) zapcore.Core {
	return tee{t.console.with(fields), t.file.with(fields)}
}

func (t tee) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return t.file.Check(e, t.console.Check(e, ce))
}

// Write is not called by zap: Check gives it the inner cores.
func (t tee) Write(e zapcore.Entry, fields []zapcore.Field) error {
	return errors.Join(t.console.Write(e, fields), t.file.Write(e, fields))
}

func (t tee) Sync() error { return errors.Join(t.console.Sync(), t.file.Sync()) }

// filter has the levels of one category for the rules that are in force. Each
// filter notices by itself when they are swapped, so there is no list of them to
// keep.
type filter struct {
	common   *shared
	provider func(*ruleSets) *ruleSet
	category string
	resolved atomic.Pointer[levels]
}

type levels struct {
	sets        *ruleSets
	rules       *ruleSet
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
	rules := f.provider(sets)
	l := &levels{sets: sets, rules: rules, own: rules.level(f.category), lowest: rules.lowest(f.category)}
	f.resolved.Store(l)
	return l
}
