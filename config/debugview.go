package config

import (
	"fmt"
	"strings"

	"github.com/fxhost/fxhost/internal/printable"
)

// DebugView lists every key with its value and the source it came from, one a
// line, for a person to read (.NET: GetDebugView):
//
//	Worker:Interval = "5s" (appsettings.json:4)
//	Db:Password = *** (environment)
//
// Values of keys that look like secrets, URLs with a password, and all values
// of [UserSecrets] and [KeyPerFile] are masked. The environment of the process is
// in it, if that is a source.
func (m *Manager) DebugView() string {
	var b strings.Builder
	m.snapshot().root.each(func(n *node) {
		line := fmt.Sprintf("%s = %s (%s)", n.path, n.shown(), place(n.from.source, n.from.line))
		b.WriteString(printable.Text(line) + "\n")
	})
	return b.String()
}

// shown is the value as a person may see it.
func (n *node) shown() string {
	switch n.value.(type) {
	case emptyList:
		return "[]"
	case emptySection:
		return "{}"
	}
	if n.isSecret() {
		return "***"
	}
	return n.quoted()
}
