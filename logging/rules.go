package logging

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"go.uber.org/zap/zapcore"
)

// ruleSet decides the level of each category. It never changes; new settings
// are a new one.
type ruleSet struct {
	rules    []rule // the first that matches decides
	fallback zapcore.Level
}

// rule is one line of a LogLevel section: prefix*suffix, without "*" a prefix.
type rule struct {
	console        bool
	pattern        string // "" is Default
	prefix, suffix string
	wildcard       bool
	level          zapcore.Level
}

func newRule(pattern string, l level, console bool) (rule, error) {
	r := rule{console: console, level: zapcore.Level(l)}
	if strings.EqualFold(pattern, "Default") {
		return r, nil
	}
	r.pattern = pattern
	r.prefix, r.suffix, r.wildcard = strings.Cut(pattern, "*")
	if strings.Contains(r.suffix, "*") {
		return r, errors.New(`a category has at most one "*"`)
	}
	return r, nil
}

// sort puts rules of the console before general ones, and long before short ones
// (LO-1); Default comes last of its kind. Two of one length can both match only
// with a "*"; .NET takes the last added, but the order of a file is not kept.
func (s *ruleSet) sort() {
	slices.SortFunc(s.rules, func(a, b rule) int {
		switch {
		case a.console && !b.console:
			return -1
		case b.console && !a.console:
			return 1
		}
		return cmp.Or(cmp.Compare(len(b.pattern), len(a.pattern)), cmp.Compare(a.pattern, b.pattern))
	})
}

// level returns the level of a category. It does not allocate.
func (s *ruleSet) level(category string) zapcore.Level {
	for i := range s.rules {
		if s.rules[i].matches(category) {
			return s.rules[i].level
		}
	}
	return s.fallback
}

// lowest returns the lowest level that category or one below it can have.
func (s *ruleSet) lowest(category string) zapcore.Level {
	below := category
	if below != "" {
		below += "."
	}
	lowest := s.level(category)
	for i := range s.rules {
		if s.rules[i].reaches(below) {
			lowest = min(lowest, s.rules[i].level)
		}
	}
	return lowest
}

func (r *rule) matches(category string) bool {
	return len(category) >= len(r.prefix)+len(r.suffix) &&
		hasPrefixFold(category, r.prefix) &&
		strings.EqualFold(category[len(category)-len(r.suffix):], r.suffix)
}

// reaches tells whether r can match a name that begins with below and not match
// its parent.
func (r *rule) reaches(below string) bool {
	return hasPrefixFold(r.prefix, below) || r.wildcard && hasPrefixFold(below, r.prefix)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
