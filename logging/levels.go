package logging

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Levels changes the levels of a running logger by hand, for a while or until it is told
// otherwise, beside what the configuration says (in .NET: a LoggingLevelSwitch of
// Serilog). Safe for concurrent use.
type Levels struct {
	common     *shared
	configured func() *ruleSets // by the configuration, as it is now

	mu      sync.Mutex
	changes []*change // sorted as rules are
	closed  bool
}

// change is a level that was changed by hand.
type change struct {
	LevelChange

	rule  rule
	timer *time.Timer // nil if it stays
}

// LevelChange is a level that was changed by hand.
type LevelChange struct {
	Category string    `json:"category"` // a key of LogLevel, such as "orders" or "Default"
	Level    string    `json:"level"`
	Until    time.Time `json:"until,omitzero"` // when it goes back by itself, zero for never
}

// LevelsOf returns the levels of a logger that [New] has made, or that was made of one;
// false for any other logger.
func LevelsOf(log *zap.Logger) (*Levels, bool) {
	c, ok := log.Core().(*core)
	if !ok {
		return nil, false
	}
	return c.common().levels, true
}

// Change sets the level of the categories that match, as those of a key of LogLevel do,
// for as long as d; zero is until [Levels.Reset]. It wins over all levels of the
// configuration, of the console and of the file: a change of Default is one of all
// categories. Of several changes that match, the longest key wins. Another change of the
// same key replaces the earlier one. The level is a name of .NET or of zap.
func (l *Levels) Change(category, name string, d time.Duration) error {
	var to level
	if err := to.UnmarshalText([]byte(name)); err != nil {
		return fmt.Errorf("logging: level %q: %w", name, err)
	}
	category = strings.TrimSpace(category)
	if category == "" {
		return fmt.Errorf(`logging: no category; write "Default" for all`)
	}
	r, err := newRule(category, to)
	switch {
	case err != nil:
		return fmt.Errorf("logging: category %q: %w", category, err)
	case d < 0:
		return fmt.Errorf("logging: %v: must not be less than zero", d)
	}
	c := &change{rule: r, LevelChange: LevelChange{Category: category, Level: levelName(zapcore.Level(to))}}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remove(category)
	if d > 0 && !l.closed {
		c.Until = time.Now().Add(d)
		c.timer = time.AfterFunc(d, func() { l.expire(c) })
	}
	l.changes = append(l.changes, c)
	slices.SortFunc(l.changes, func(a, b *change) int {
		return cmp.Or(cmp.Compare(len(b.rule.pattern), len(a.rule.pattern)), cmp.Compare(a.rule.pattern, b.rule.pattern))
	})
	l.apply()
	return nil
}

// Reset ends the change of a category; false if there is none. The level is that of the
// configuration again.
func (l *Levels) Reset(category string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.remove(strings.TrimSpace(category)) {
		return false
	}
	l.apply()
	return true
}

// Changes are the changes in force, the longest key first.
func (l *Levels) Changes() []LevelChange {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]LevelChange, len(l.changes))
	for i, c := range l.changes {
		list[i] = c.LevelChange
	}
	return list
}

// Level is the name of the lowest level that is written of a category at present.
func (l *Levels) Level(category string) string {
	return levelName(l.common.rules.Load().level(category))
}

// refresh puts the levels of the configuration into force, and the changes before them.
func (l *Levels) refresh() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.apply()
}

// close ends the timers: what is changed stays so.
func (l *Levels) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, c := range l.changes {
		if c.timer != nil {
			c.timer.Stop()
		}
	}
}

// expire ends a change, unless something else has by now.
func (l *Levels) expire(c *change) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.Contains(l.changes, c) {
		l.remove(c.Category)
		l.apply()
	}
}

// remove and apply are called with the lock held.
func (l *Levels) remove(category string) bool {
	i := slices.IndexFunc(l.changes, func(c *change) bool { return strings.EqualFold(c.Category, category) })
	if i < 0 {
		return false
	}
	if timer := l.changes[i].timer; timer != nil {
		timer.Stop()
	}
	l.changes = slices.Delete(l.changes, i, i+1)
	return true
}

func (l *Levels) apply() {
	var rules []rule
	for _, c := range l.changes {
		rules = append(rules, c.rule)
	}
	sets := l.configured()
	sets.console.rules = slices.Concat(rules, sets.console.rules)
	if sets.file != nil {
		sets.file.rules = slices.Concat(rules, sets.file.rules)
	}
	l.common.rules.Store(sets)
}

// levelName is the name of a level as .NET has it, or else zap.
func levelName(l zapcore.Level) string {
	switch {
	case l < zapcore.DebugLevel:
		return "Trace"
	case l > zapcore.FatalLevel:
		return "None"
	}
	switch l {
	case zapcore.DebugLevel:
		return "Debug"
	case zapcore.InfoLevel:
		return "Information"
	case zapcore.WarnLevel:
		return "Warning"
	case zapcore.ErrorLevel:
		return "Error"
	case zapcore.DPanicLevel:
		return "Critical"
	default:
		return l.String()
	}
}
