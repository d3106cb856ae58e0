package config

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/spf13/viper"
)

// Manager is the configuration of an application: sources in order, the last
// wins per key (CF-1, CG-1). The zero value is empty and ready to use. All
// methods are safe for concurrent use; reads never lock and each of them sees
// one whole snapshot. It is .NET's ConfigurationManager.
type Manager struct {
	loading sync.Mutex // held by Add and Reload; readers never take it
	current atomic.Pointer[snapshot]
}

// snapshot is what one load gave; it never changes.
type snapshot struct {
	layers []layer
	root   *node
}

// layer is one source with the values it had.
type layer struct {
	source  Source
	present bool
	entries []entry
}

// New returns a Manager that has loaded the sources. The error is that of
// [Manager.Add].
func New(sources ...Source) (*Manager, error) {
	m := &Manager{}
	if err := m.Add(sources...); err != nil {
		return nil, err
	}
	return m, nil
}

// Add appends sources and loads them; their values win over what was there and
// can be read at once (CF-8). If one of them fails, nothing changes.
func (m *Manager) Add(sources ...Source) error {
	m.loading.Lock()
	defer m.loading.Unlock()

	added, err := load(sources)
	if err != nil {
		return err
	}
	m.swap(slices.Concat(m.snapshot().layers, added))
	return nil
}

// Reload loads all sources again. If one of them fails, the old values stay; a
// required file that has gone is such a failure, unlike in .NET (CG-11).
func (m *Manager) Reload() error {
	m.loading.Lock()
	defer m.loading.Unlock()

	var sources []Source
	for _, l := range m.snapshot().layers {
		sources = append(sources, l.source)
	}
	layers, err := load(sources)
	if err != nil {
		return err
	}
	m.swap(layers)
	return nil
}

// Get returns the value of a key as text: true and false, numbers as they were
// written (CG-13). ok is false if the key has no value of its own, be it
// absent, null, a section or a list.
func (m *Manager) Get(key string) (value string, ok bool) {
	n := m.snapshot().root.find(key)
	if n == nil {
		return "", false
	}
	return text(n.value)
}

// Exists tells whether a key has a value or keys below it.
func (m *Manager) Exists(key string) bool {
	return m.snapshot().root.find(key) != nil
}

// Children returns the names of the keys directly below a key ("" is the root),
// in the case they were first written in: numbers first and in order, then by
// name.
func (m *Manager) Children(key string) []string {
	n := m.snapshot().root.find(key)
	if n == nil {
		return nil
	}
	var names []string
	for _, c := range n.sorted() {
		names = append(names, c.name())
	}
	return names
}

// Files returns the paths of the files that were read, in order. Optional files
// that are not there are left out.
func (m *Manager) Files() []string {
	var paths []string
	for _, l := range m.snapshot().layers {
		if f, ok := l.source.(fileSource); ok && l.present {
			paths = append(paths, f.path)
		}
	}
	return paths
}

// Viper returns a copy of the current values for code that takes a viper. Its
// key delimiter is ":". The caller owns it: it does not follow a Reload, and
// viper lower-cases all keys.
func (m *Manager) Viper() *viper.Viper {
	v := viper.NewWithOptions(viper.KeyDelimiter(":"))
	_ = v.MergeConfigMap(m.snapshot().root.object()) // it never fails
	return v
}

func (m *Manager) snapshot() *snapshot {
	if s := m.current.Load(); s != nil {
		return s
	}
	return &snapshot{root: newRoot()}
}

func (m *Manager) swap(layers []layer) {
	root := newRoot()
	for _, l := range layers {
		for _, e := range l.entries {
			root.set(e, l.source.Name())
		}
	}
	root.prune()
	m.current.Store(&snapshot{layers: layers, root: root})
}

func load(sources []Source) ([]layer, error) {
	var layers []layer
	for _, s := range sources {
		values, err := s.Load()
		if err != nil {
			return nil, fmt.Errorf("config: %s: %w", origin(s), err)
		}
		entries, err := flatten(values)
		if err != nil {
			return nil, fmt.Errorf("config: %s: %w", origin(s), err)
		}
		layers = append(layers, layer{source: s, present: values != nil, entries: entries})
	}
	return layers, nil
}

// origin names a source that failed to load: a file by its whole path.
func origin(s Source) string {
	if f, ok := s.(fileSource); ok {
		return f.path
	}
	return s.Name()
}
