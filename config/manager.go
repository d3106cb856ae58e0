package config

import (
	"errors"
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
	loading   sync.Mutex // held by Add and Reload; readers never take it
	views     []view     // guarded by loading
	attempted []string   // fingerprints of the layers at the last load, also a failed one; guarded by loading
	current   atomic.Pointer[snapshot]
	status    atomic.Pointer[Status]
	changes   notifier
	grown     notifier // tells of more sources
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

// view is made from a snapshot and can refuse it.
type view interface {
	// prepare checks a snapshot that is about to come into force; commit puts
	// what it made of it into force, too.
	prepare(root *node) (commit func(), err error)
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
// can be read at once (CF-8), also by a [Monitor]. If one of them fails, or a
// Monitor refuses the new values, nothing changes. A panic of a function that is
// told of the change ([Manager.OnChange]) is an error, too, but the values are in
// force.
func (m *Manager) Add(sources ...Source) error {
	var follows []func()
	for _, s := range sources {
		if c, ok := s.(chained); ok { // before it is read, so that nothing is missed
			follows = append(follows, c.manager.OnChange(func() { _ = m.Reload() })) // the error is in Status
		}
	}
	if err := m.add(sources); err != nil {
		for _, stop := range follows {
			stop()
		}
		return err
	}
	return errors.Join(m.grown.notify(), m.changes.notify())
}

func (m *Manager) add(sources []Source) error {
	m.loading.Lock()
	defer m.loading.Unlock()

	for i, s := range sources {
		if c, ok := s.(chained); ok && c.manager == m {
			return errors.New("config: a Manager cannot be a source of itself")
		} else if s == nil {
			return fmt.Errorf("config: source %d is nil", i+1)
		}
	}
	prints := fingerprints(sources) // before what it tells about is read
	added, err := load(sources)
	if err != nil {
		return err
	}
	if err := m.swap(slices.Concat(m.snapshot().layers, added)); err != nil {
		return err
	}
	m.attempted = append(m.attempted, prints...)
	return nil
}

// Reload loads all sources again. If one of them fails, or a [Monitor] refuses
// the new values, all old values stay, and [Manager.Status] has the error; a
// required file that has gone is such a failure, unlike in .NET (CG-11). A panic
// of a function that is told of the change is as in Add.
func (m *Manager) Reload() error {
	if _, err := m.reload(true); err != nil {
		return err
	}
	return m.changes.notify()
}

// reload does nothing if no file differs from what the last load has seen,
// unless it must.
func (m *Manager) reload(must bool) (done bool, err error) {
	m.loading.Lock()
	defer m.loading.Unlock()

	var sources []Source
	for _, l := range m.snapshot().layers {
		sources = append(sources, l.source)
	}
	prints := fingerprints(sources)
	if !must && slices.Equal(prints, m.attempted) {
		return false, nil
	}
	m.attempted = prints
	layers, err := load(sources)
	if err == nil {
		err = m.swap(layers)
	}
	m.note(err)
	return true, err
}

// OnChange has f called after each load that changed a value, until the returned
// function is called. Functions are called one after the other, on the goroutine
// that loads; one may call any method of the Manager. A change that happens
// meanwhile is told when all have returned, and several such changes are told as
// one. It is .NET's ChangeToken.OnChange (CG-15).
func (m *Manager) OnChange(f func()) (stop func()) {
	var told *node
	return m.changes.add(func() { told = m.snapshot().root }, func() {
		if root := m.snapshot().root; !same(told, root) {
			told = root
			f()
		}
	})
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
		if f, ok := l.source.(FileBased); ok && l.present {
			paths = append(paths, f.Paths()...)
		}
	}
	return paths
}

// HasFiles tells whether a source reads files, be they there or not; then a
// [Watcher] has something to watch.
func (m *Manager) HasFiles() bool { return len(m.watched()) > 0 }

// watched are the paths whose content matters, whether they exist or not.
func (m *Manager) watched() []string {
	var paths []string
	for _, l := range m.snapshot().layers {
		if f, ok := l.source.(FileBased); ok {
			paths = append(paths, f.Paths()...)
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

// swap puts new values into force for the Manager and all views, or for none.
func (m *Manager) swap(layers []layer) error {
	root := newRoot()
	for _, l := range layers {
		for _, e := range l.entries {
			root.set(e)
		}
	}
	root.prune()

	var commits []func()
	var errs []error
	for _, v := range m.views {
		commit, err := v.prepare(root)
		commits, errs = append(commits, commit), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	m.current.Store(&snapshot{layers: layers, root: root})
	for _, commit := range commits {
		commit()
	}
	return nil
}

// watch has v follow the values; it is not called if v refuses the present ones.
func (m *Manager) watch(v view) error {
	m.loading.Lock()
	defer m.loading.Unlock()
	commit, err := v.prepare(m.snapshot().root)
	if err != nil {
		return err
	}
	commit()
	m.views = append(m.views, v)
	return nil
}
