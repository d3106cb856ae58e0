package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync/atomic"
)

// Monitor has the current values of a section, checked (.NET: IOptionsMonitor<T>).
// [Configure] provides it. When the configuration is reloaded, its values change in one
// step or not at all: as long as one Monitor of a [Manager] refuses a value, all of them
// keep the last valid ones, unlike in .NET. All methods are safe for concurrent use.
type Monitor[T any] struct {
	manager  *Manager
	sections map[string]string      // by name
	options  map[string]*options[T] // by name
	current  atomic.Pointer[values[T]]
}

// Snapshot has the values of a section as they were when its scope first asked for
// them. They stay the same during one unit of work, even if the configuration is
// reloaded meanwhile.
// [Configure] provides it in each scope (.NET: IOptionsSnapshot<T>).
type Snapshot[T any] struct{ values *values[T] }

// values are those of all names at one moment; they never change.
type values[T any] struct {
	main  *T // of the name ""
	named map[string]*T
	from  map[string]*node // the sections they were made of
}

func (v *values[T]) get(name string) (*T, bool) {
	value, ok := v.named[name]
	return value, ok
}

// NewMonitor returns a Monitor of a section, for programs that do not use
// [Configure]. It follows the Manager as long as the Manager lives. Monitors of
// nested sections must be made first. The error joins all that is wrong with the
// current values.
func NewMonitor[T any](m *Manager, section string, opts ...Option[T]) (*Monitor[T], error) {
	return newMonitor(m, map[string]string{"": section}, opts)
}

func newMonitor[T any](m *Manager, sections map[string]string, opts []Option[T]) (*Monitor[T], error) {
	monitor := &Monitor[T]{manager: m, sections: maps.Clone(sections), options: map[string]*options[T]{}}
	for name := range sections {
		o := &options[T]{name: name, sections: sections}
		if o.apply(opts); o.err != nil {
			return nil, o.err
		}
		monitor.options[name] = o
	}
	m.claim(slices.Collect(maps.Values(sections)))
	for _, section := range sections {
		m.asked.noteSection(section, reflect.TypeFor[T](), newBinder(nil))
		m.noteSecrets(section, reflect.TypeFor[T]())
	}
	if err := m.watch(monitor); err != nil {
		return nil, err
	}
	return monitor, nil
}

// Current returns the values of the default name, by one atomic load. They are
// shared and must not be changed. To read several that belong together, call Current
// once. It returns nil if only other names are configured.
func (m *Monitor[T]) Current() *T { return m.current.Load().main }

// Get returns the values of a name that was given to [ConfigureNamed]. Names are
// case-sensitive.
func (m *Monitor[T]) Get(name string) (value *T, ok bool) { return m.current.Load().get(name) }

// Value returns the values of the default name, see [Monitor.Current].
func (s *Snapshot[T]) Value() *T { return s.values.main }

// Get returns the values of a name, see [Monitor.Get].
func (s *Snapshot[T]) Get(name string) (*T, bool) { return s.values.get(name) }

// OnChange registers f to be called after each load that changed the values of the
// default name, with the old and the new ones, until the returned function is
// called. f is called like the functions of [Manager.OnChange], once for each change:
// the old values of a call are the new ones of the call before.
func (m *Monitor[T]) OnChange(f func(old, current *T)) (stop func()) { return m.OnNamedChange("", f) }

// OnNamedChange is OnChange for another name.
func (m *Monitor[T]) OnNamedChange(name string, f func(old, current *T)) (stop func()) {
	var told *T
	return m.manager.changes.add(func() { told, _ = m.Get(name) }, func() {
		if current, _ := m.Get(name); current != told {
			old := told
			told = current
			f(old, current)
		}
	})
}

// prepare implements view.
func (m *Monitor[T]) prepare(root *node, claimed sections) (commit func(), err error) {
	old := m.current.Load()
	made := &values[T]{named: map[string]*T{}, from: map[string]*node{}}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(m.sections)) {
		n := root.find(m.sections[name])
		made.from[name] = n
		if old != nil && same(old.from[name], n) {
			made.named[name] = old.named[name]
			continue
		}
		value, err := m.options[name].value(root, m.sections[name], claimed)
		switch {
		case err != nil:
			errs = append(errs, err)
		case old != nil && reflect.DeepEqual(old.named[name], value):
			made.named[name] = old.named[name] // 5s is now 5000ms: no change
		default:
			made.named[name] = value
		}
	}
	made.main = made.named[""]
	return func() { m.current.Store(made) }, errors.Join(errs...)
}

// String names the type, for errors and logs.
func (m *Monitor[T]) String() string { return fmt.Sprintf("config.Monitor[%v]", reflect.TypeFor[T]()) }
