package logging

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"go.uber.org/zap/zapcore"
)

// ruleSet decides the level of each category for one provider. It never changes;
// new settings are a new one.
type ruleSet struct {
	rules    []rule // the first that matches decides
	fallback zapcore.Level
}

// rule is one line of a LogLevel section: prefix*suffix, without "*" a prefix.
type rule struct {
	pattern        string // "" is Default
	prefix, suffix string
	level          zapcore.Level
}

// newRules reads a LogLevel section. Long patterns come before short ones,
// Default comes last. Two of one length can both match only with a "*"; .NET takes
// the last added, but the order of a file is not kept.
func newRules(p *problems, path string, levels map[string]level) []rule {
	rules := make([]rule, 0, len(levels))
	for pattern, l := range levels {
		r, err := newRule(pattern, l)
		p.add(path+":"+pattern, err, "")
		rules = append(rules, r)
	}
	slices.SortFunc(rules, func(a, b rule) int {
		return cmp.Or(cmp.Compare(len(b.pattern), len(a.pattern)), cmp.Compare(a.pattern, b.pattern))
	})
	return rules
}

func newRule(pattern string, l level) (rule, error) {
	r := rule{level: zapcore.Level(l)}
	if strings.EqualFold(pattern, "Default") {
		return r, nil
	}
	r.pattern = pattern
	r.prefix, r.suffix, _ = strings.Cut(pattern, "*")
	if strings.Contains(r.suffix, "*") {
		return r, errors.New(`a category has at most one "*"`)
	}
	return r, nil
}

// newRuleSet puts the provider's own rules before the general ones, which count
// only where none of its own matches.
func newRuleSet(fallback level, own, general []rule) *ruleSet {
	return &ruleSet{rules: slices.Concat(own, general), fallback: zapcore.Level(fallback)}
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
		r := &s.rules[i]
		if r.reaches(below) {
			lowest = min(lowest, r.level)
		}
		if r.suffix == "" && hasPrefixFold(below, r.prefix) {
			return lowest // what is below matches r, if none before it
		}
	}
	return min(lowest, s.fallback)
}

func (r *rule) matches(category string) bool {
	return len(category) >= len(r.prefix)+len(r.suffix) &&
		hasPrefixFold(category, r.prefix) &&
		strings.EqualFold(category[len(category)-len(r.suffix):], r.suffix)
}

// reaches tells whether r can match a name that begins with below.
func (r *rule) reaches(below string) bool {
	return hasPrefixFold(r.prefix, below) || hasPrefixFold(below, r.prefix)
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
