package admin

import (
	"context"
	"net/url"
	"time"

	"github.com/fxhost/fxhost/config"
)

// settingsSnapshot are the settings with where they came from.
type settingsSnapshot struct {
	Settings []config.Setting `json:"settings"`
	Total    int              `json:"total"` // also those that the filter hides
	Files    []string         `json:"files"` // that were read, in order
	Reloads  int              `json:"reloads"`
	Failures int              `json:"failures"` // reloads that changed nothing
	Last     time.Time        `json:"last,omitzero"`
	Error    string           `json:"error,omitempty"` // of the last reload
}

func (s *server) lookAtSettings(_ context.Context, query url.Values) (any, error) {
	f := newFilter(query)
	manager := s.sources.Configuration
	status := manager.Status()
	shown := settingsSnapshot{
		Settings: []config.Setting{}, Files: append([]string{}, manager.Files()...),
		Reloads: status.Reloads, Failures: status.Failures, Last: status.LastReload, Error: textOf(status.LastError),
	}
	for _, setting := range manager.Settings() {
		shown.Total++
		setting.Value = shorten(setting.Value, maxText)
		if f.matches(setting.Key, setting.Value, setting.Source) {
			shown.Settings = append(shown.Settings, setting)
		}
	}
	return shown, nil
}
