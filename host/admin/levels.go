package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/fxhost/fxhost/logging"
)

// levelFor is how long a level stays changed unless it is told otherwise.
const levelFor = 15 * time.Minute

// levelsSnapshot are the log levels.
type levelsSnapshot struct {
	Available  bool        `json:"available"` // the logger is one of package logging
	Categories []levelSeen `json:"categories"`
	Total      int         `json:"total"` // also those that the filter hides
	Levels     []string    `json:"levels"`
}

// levelSeen is the level of one category.
type levelSeen struct {
	Category   string    `json:"category"`
	Level      string    `json:"level"`      // in force
	Configured bool      `json:"configured"` // the configuration names the category
	Changed    bool      `json:"changed"`    // by hand
	Until      time.Time `json:"until,omitzero"`
}

func (s *server) lookAtLevels(_ context.Context, query url.Values) (any, error) {
	f := newFilter(query)
	shown := levelsSnapshot{
		Categories: []levelSeen{},
		Levels:     []string{"Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"},
	}
	levels, ok := logging.LevelsOf(s.sources.Log)
	if !ok {
		return shown, nil
	}
	shown.Available = true
	changed := map[string]logging.LevelChange{}
	names := []string{"Default"}
	for _, c := range levels.Changes() {
		changed[strings.ToLower(c.Category)] = c
		names = append(names, c.Category)
	}
	configured := s.configuredCategories()
	names = append(append(names, configured...), "fxhost")
	for _, status := range s.sources.Services.List() {
		names = append(names, status.Name)
	}
	seen := map[string]bool{}
	for _, name := range names {
		folded := strings.ToLower(name)
		if seen[folded] {
			continue
		}
		seen[folded] = true
		shown.Total++
		c, is := changed[folded]
		one := levelSeen{
			Category: name, Level: inForce(levels, name), Configured: slices.Contains(configured, name),
			Changed: is, Until: c.Until,
		}
		if f.matches(one.Category, one.Level) {
			shown.Categories = append(shown.Categories, one)
		}
	}
	return shown, nil
}

// inForce is the level of a category: Default stands for those that have no rule.
func inForce(levels *logging.Levels, category string) string {
	if category == "Default" {
		category = ""
	}
	return levels.Level(category)
}

// configuredCategories are the keys of LogLevel.
func (s *server) configuredCategories() []string {
	if s.sources.Configuration == nil {
		return nil
	}
	var names []string
	for _, provider := range []string{"", "Console:", "File:"} {
		names = append(names, s.sources.Configuration.Children("Logging:"+provider+"LogLevel")...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (s *server) levelActions() []*action {
	return []*action{
		{path: "levels/change", grant: Change, do: func(_ context.Context, d *deed, form url.Values) error {
			levels, err := s.levels(d, form)
			if err != nil {
				return err
			}
			d.Old = inForce(levels, d.Target)
			limit := levelFor
			if text := form.Get("for"); text != "" {
				if limit, err = time.ParseDuration(text); err != nil {
					return refusal(http.StatusBadRequest, `"for" is how long, such as 15m, or 0 for until it is reset`)
				}
			}
			if err := levels.Change(d.Target, form.Get("level"), limit); err != nil {
				return &statusError{http.StatusBadRequest, err}
			}
			d.New = inForce(levels, d.Target)
			if limit > 0 {
				d.New = fmt.Sprintf("%s for %v", d.New, limit)
			}
			return nil
		}},
		{path: "levels/reset", grant: Change, do: func(_ context.Context, d *deed, form url.Values) error {
			levels, err := s.levels(d, form)
			if err != nil {
				return err
			}
			d.Old = inForce(levels, d.Target)
			if !levels.Reset(d.Target) {
				return refusal(http.StatusNotFound, "the level of this category is not changed")
			}
			d.New = inForce(levels, d.Target)
			return nil
		}},
	}
}

func (s *server) levels(d *deed, form url.Values) (*logging.Levels, error) {
	d.Target = strings.TrimSpace(form.Get("category"))
	if strings.EqualFold(d.Target, "Default") {
		d.Target = "Default"
	}
	levels, ok := logging.LevelsOf(s.sources.Log)
	if !ok {
		return nil, refusal(http.StatusNotFound, "the logger of this program is not one of package logging: its levels cannot be changed here")
	}
	return levels, nil
}
