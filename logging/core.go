package logging

import (
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
func newCore(inner zapcore.Core, rules *atomic.Pointer[ruleSet]) *core {
	return &core{Core: inner, filter: &filter{rules: rules}}
}

// ForCategory implements [category.Core].
func (c *core) ForCategory(name string) zapcore.Core {
	return &core{Core: c.Core, filter: &filter{rules: c.filter.rules, category: name}}
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
		own = levels.rules.level(e.LoggerName)
	}
	if e.Level < own {
		return ce
	}
	return c.Core.Check(e, ce)
}

// filter has the levels of one category for the rules that are in force. Rules
// are swapped for all categories in one step; each filter notices by itself, so
// there is no list of them to keep.
type filter struct {
	rules    *atomic.Pointer[ruleSet]
	category string
	resolved atomic.Pointer[levels]
}

type levels struct {
	rules       *ruleSet
	own, lowest zapcore.Level
}

func (f *filter) levels() *levels {
	rules := f.rules.Load()
	if l := f.resolved.Load(); l != nil && l.rules == rules {
		return l
	}
	return f.resolve(rules)
}

// resolve is apart from levels so that levels can be inlined.
func (f *filter) resolve(rules *ruleSet) *levels {
	l := &levels{rules: rules, own: rules.level(f.category), lowest: rules.lowest(f.category)}
	f.resolved.Store(l)
	return l
}
