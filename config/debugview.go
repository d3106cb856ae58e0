package config

import (
	"fmt"
	"strings"

	"github.com/fxhost/fxhost/internal/printable"
	"github.com/fxhost/fxhost/internal/secret"
)

// DebugView lists every key with its value and the source it came from, one a
// line, for a person to read (.NET: GetDebugView):
//
//	Worker:Interval = "5s" (appsettings.json:4)
//	Db:Password = *** (environment)
//
// Values of keys that look like secrets, URLs with a password, values of a [Secret] or
// of a field with the tag secret:"true", and all values of [UserSecrets] and
// [KeyPerFile] are masked. The environment of the process is
// in it, if that is a source.
func (m *Manager) DebugView() string {
	var b strings.Builder
	m.snapshot().root.each(func(n *node) {
		line := fmt.Sprintf("%s = %s (%s)", n.path, n.shown(), place(n.from.source, n.from.line))
		b.WriteString(printable.Text(line) + "\n")
	})
	return b.String()
}

// Setting is one key of the configuration, as a page or tool may show it.
type Setting struct {
	Key    string `json:"key"`
	Value  string `json:"value"`            // texts are in quotes; *** if it is masked
	Masked string `json:"masked,omitempty"` // why it is, such as "its name", empty if it is not
	Source string `json:"source"`           // such as "appsettings.json"
	Line   int    `json:"line,omitempty"`   // of the source, 0 if it is not known
	Unread bool   `json:"unread,omitempty"` // nothing in the program reads it
}

// Settings returns every key that has a value, with where it came from, in order. It
// masks what DebugView masks, and what nothing in the program reads: nobody has said
// what that is. Unlike [Manager.Unread], it has all sources.
func (m *Manager) Settings() []Setting {
	var settings []Setting
	all := m.asked.all.Load()
	m.snapshot().root.each(func(n *node) {
		first, _, _ := strings.Cut(n.path, delimiter)
		s := Setting{
			Key: printable.Text(n.path), Value: printable.Text(n.shown()), Masked: n.masked(),
			Source: printable.Text(n.from.source), Line: n.from.line, Unread: !all && !m.asked.has(first),
		}
		if _, isText := text(n.value); isText && s.Unread && s.Masked == "" {
			s.Value, s.Masked = secret.Mask, "nothing reads it"
		}
		settings = append(settings, s)
	})
	return settings
}

// shown is the value as a person may see it.
func (n *node) shown() string {
	switch n.value.(type) {
	case emptyList:
		return "[]"
	case emptySection:
		return "{}"
	}
	if n.masked() != "" {
		return secret.Mask
	}
	return n.quoted()
}
