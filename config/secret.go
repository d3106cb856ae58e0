package config

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/fxhost/fxhost/internal/configtag"
	"github.com/fxhost/fxhost/internal/secret"
)

// Secret is a setting that is never shown: neither by this package, nor when it is
// printed, logged or marshalled. The conversion string(s) has the text. A field of any
// other type is kept from being shown by this package with the tag secret:"true".
type Secret string

// String returns ***.
func (Secret) String() string { return secret.Mask }

// GoString returns ***.
func (Secret) GoString() string { return secret.Mask }

// MarshalJSON returns "***".
func (Secret) MarshalJSON() ([]byte, error) { return json.Marshal(secret.Mask) }

// masked is why the value must not be shown, "" if it may.
func (n *node) masked() string {
	value, isText := text(n.value)
	switch {
	case !isText:
		return ""
	case n.declared:
		return "its type"
	case n.from.secret:
		return "its source"
	case secret.Key(n.path):
		return "its name"
	case secret.Value(value):
		return "its value"
	default:
		return ""
	}
}

// noteSecrets remembers which keys below a section a T declares to be secret.
func (m *Manager) noteSecrets(section string, t reflect.Type) {
	fields := secret.FieldsOf(t, func(f reflect.StructField) (name string, squash, skip bool) {
		field, err := configtag.Of(f)
		return field.Name, field.Squash, field.Skip || field.Remain || err != nil
	}, Secret(""))
	if len(fields) == 0 {
		return
	}
	m.loading.Lock()
	defer m.loading.Unlock()
	for _, field := range fields {
		if path := fold(join(section, field)); !slices.Contains(m.secrets, path) {
			m.secrets = append(m.secrets, path)
		}
	}
	layers := m.snapshot().layers
	m.current.Store(&snapshot{layers: layers, root: m.tree(layers)})
}

// tree lays the entries of layers over each other, and marks those that are declared
// to be secret.
func (m *Manager) tree(layers []layer) *node {
	root := newTree(layers)
	for _, path := range m.secrets {
		root.declare(path)
	}
	return root
}

// declare marks the nodes at path, and those below them.
func (n *node) declare(path string) {
	if path == "" {
		n.declared = true
		for _, c := range n.children {
			c.declare("")
		}
		return
	}
	name, rest, _ := strings.Cut(path, delimiter)
	for folded, c := range n.children {
		if folded == name || name == secret.Any {
			c.declare(rest)
		}
	}
}
