package config

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/viper"

	"github.com/fxhost/fxhost/hosted"
)

// Manager is the configuration of an application: sources in order; for each key
// the last one wins. The zero value is empty and ready to use. All methods are safe
// for concurrent use. Reads never lock, and each sees one whole snapshot. It is
// .NET's ConfigurationManager.
type Manager struct {
	loading   sync.Mutex               // held by Add and Reload; readers never take it
	views     []view                   // guarded by loading
	attempted []fingerprint            // of the layers at the last load, also a failed one; guarded by loading
	claimed   atomic.Pointer[sections] // replaced by claim only
	secrets   []string                 // paths of what is declared to be secret, folded; guarded by loading
	current   atomic.Pointer[snapshot]
	asked     asked
	status    atomic.Pointer[Status]
	basePath  string // guarded by loading
	closed    int    // sources; guarded by loading
	changes   notifier
	grown     notifier // tells of more sources
}

// snapshot is what one load gave; it never changes.
type snapshot struct {
	layers []layer
	root   *node
}

// view is made from a snapshot and can refuse it.
type view interface {
	// prepare checks a snapshot that is about to come into force; commit puts
	// what it made of it into force, too.
	prepare(root *node, claimed sections) (commit func(), err error)
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

// Add appends sources and loads them. Their values win over those of earlier
// sources and can be read at once, also from a [Monitor]. If one of them fails, or a
// Monitor refuses the new values, nothing changes. If a function given to
// [Manager.OnChange] panics, Add returns that as an error, but the values are in
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

	sources = slices.Clone(sources)
	for i, s := range sources {
		if c, ok := s.(chained); ok && c.manager == m {
			return errors.New("config: a Manager cannot be a source of itself")
		} else if s == nil {
			return fmt.Errorf("config: source %d is nil", i+1)
		} else if r, ok := s.(relative); ok {
			sources[i] = r.from(m.basePath)
		}
	}
	contents, prints := looks(sources)
	added, err := load(sources, contents, nil)
	if err != nil {
		return err
	}
	if err := m.swap(slices.Concat(m.snapshot().layers, added)); err != nil {
		return err
	}
	m.attempted = append(m.attempted, prints...)
	return nil
}

// SetBasePath sets the directory that relative paths start from, for sources that
// are added afterwards. The default is the working directory.
func (m *Manager) SetBasePath(folder string) {
	m.loading.Lock()
	defer m.loading.Unlock()
	m.basePath = folder
}

// BasePath is the directory that was given to [Manager.SetBasePath], "" if none was.
// Relative paths in values start from it, too: those of a certificate, say.
func (m *Manager) BasePath() string {
	m.loading.Lock()
	defer m.loading.Unlock()
	return m.basePath
}

// Close calls the method Close() error of the sources that have one, last source
// first, once each, and joins the errors. The values can still be read. A host
// closes its Manager after it has stopped.
func (m *Manager) Close() error {
	m.loading.Lock()
	defer m.loading.Unlock()
	open := m.sources()[m.closed:]
	m.closed += len(open)
	var errs []error
	for _, s := range slices.Backward(open) {
		if c, ok := s.(io.Closer); ok {
			errs = append(errs, closeSource(s.Name(), c))
		}
	}
	return errors.Join(errs...)
}

func closeSource(name string, c io.Closer) (err error) {
	defer func() {
		if p := recover(); p != nil { // or the others would stay open
			err = &hosted.PanicError{Value: p, Stack: debug.Stack()}
		}
		if err != nil {
			err = fmt.Errorf("config: close %s: %w", name, err)
		}
	}()
	return c.Close()
}

// Reload loads all sources again. If one of them fails, or a [Monitor] refuses
// the new values, all old values stay, and [Manager.Status] has the error. Unlike in
// .NET, a required file that no longer exists is such a failure. A panic of a
// function given to OnChange is reported as by Add.
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

	sources := m.sources()
	contents, prints := looks(sources)
	if !must && slices.Equal(prints, m.attempted) {
		return false, nil
	}
	m.attempted = prints
	layers, err := load(sources, contents, m.snapshot().layers)
	if err == nil {
		err = m.swap(layers)
	}
	m.note(err)
	return true, err
}

// outdated tells whether a file differs from what the last load has seen.
func (m *Manager) outdated() bool {
	m.loading.Lock()
	defer m.loading.Unlock()
	_, prints := looks(m.sources())
	return !slices.Equal(prints, m.attempted)
}

// sources are those of the layers.
func (m *Manager) sources() []Source {
	var sources []Source
	for _, l := range m.snapshot().layers {
		sources = append(sources, l.source)
	}
	return sources
}

// Status counts the reloads of a [Manager].
type Status struct {
	Reloads    int       // that succeeded, whether they changed a value or not
	Failures   int       // that changed nothing, because a file or a value was wrong
	LastReload time.Time // end of the last one, successful or not; zero if there was none
	LastError  error     // of the last one, nil if it succeeded
}

// Status returns the reloads so far.
func (m *Manager) Status() Status {
	if s := m.status.Load(); s != nil {
		return *s
	}
	return Status{}
}

func (m *Manager) note(err error) {
	s := m.Status()
	if err == nil {
		s.Reloads++
	} else {
		s.Failures++
	}
	s.LastReload, s.LastError = time.Now(), err
	m.status.Store(&s)
}

// OnChange registers f to be called after each load that changed a value, until
// the returned function is called. Functions are called one after the other, on the
// goroutine that loads, and may call any method of the Manager. Changes that happen
// meanwhile are reported, as one, when all functions have returned. It is .NET's
// ChangeToken.OnChange.
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
// written. ok is false if the key has no value of its own: it is absent, null, a
// section or a list.
func (m *Manager) Get(key string) (value string, ok bool) {
	m.asked.note(key)
	n := m.snapshot().root.find(key)
	if n == nil {
		return "", false
	}
	return text(n.value)
}

// Exists reports whether a key has a value or keys below it.
func (m *Manager) Exists(key string) bool {
	m.asked.note(key)
	return m.snapshot().root.find(key) != nil
}

// Children returns the names of the keys directly below a key ("" is the root),
// in the case they were first written in: numbers first and in order, then by
// name.
func (m *Manager) Children(key string) []string {
	m.asked.note(key)
	n := m.snapshot().root.find(key)
	if n == nil {
		return nil
	}
	return n.names()
}

// Files returns the paths of the files that were read, in order, without optional
// files that do not exist.
func (m *Manager) Files() []string {
	var paths []string
	for _, l := range m.snapshot().layers {
		if f, ok := l.source.(FileBased); ok && l.entries != nil {
			paths = append(paths, f.Paths()...)
		}
	}
	return paths
}

// HasFiles reports whether a source reads files, whether they exist or not, so that
// a [Watcher] has something to watch.
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
	m.asked.all.Store(true)
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
	root := m.tree(layers)
	var commits []func()
	var errs []error
	for _, v := range m.views {
		commit, err := v.prepare(root, m.sections())
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
	commit, err := v.prepare(m.snapshot().root, m.sections())
	if err != nil {
		return err
	}
	commit()
	m.views = append(m.views, v)
	return nil
}
