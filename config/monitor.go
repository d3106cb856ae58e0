package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync/atomic"
)

// Monitor has the values of a section as they are now, checked. When the
// configuration is loaded again, its values change in one step, or not at all:
// as long as one Monitor of a [Manager] refuses a value, all keep the last ones
// that were right, unlike in .NET (OP-10). All methods are safe for concurrent
// use. It is .NET's IOptionsMonitor<T> (OP-3).
type Monitor[T any] struct {
	manager  *Manager
	recipe   recipe[T]
	sections map[string]string // by name
	current  atomic.Pointer[values[T]]
}

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

// NewMonitor returns a Monitor of a section, for programs that do not get it
// from fx, see [Configure]. It follows the Manager as long as that lives. The error
// tells what is wrong with the present values, all of it.
func NewMonitor[T any](m *Manager, section string, opts ...OptionsOption[T]) (*Monitor[T], error) {
	return newMonitor(m, map[string]string{"": section}, opts)
}

func newMonitor[T any](m *Manager, sections map[string]string, opts []OptionsOption[T]) (*Monitor[T], error) {
	monitor := &Monitor[T]{manager: m, sections: maps.Clone(sections), recipe: newRecipe(opts)}
	if err := m.watch(monitor); err != nil {
		return nil, err
	}
	return monitor, nil
}

// Current returns the values of the default name: one atomic load. They are
// shared and must not be changed; whoever needs several of them to fit together
// calls Current once. nil if only other names are configured.
func (m *Monitor[T]) Current() *T { return m.current.Load().main }

// Get returns the values of a name that was given to [ConfigureNamed]. Names are
// case-sensitive (OP-5).
func (m *Monitor[T]) Get(name string) (value *T, ok bool) { return m.current.Load().get(name) }

// OnChange has f called after each load that changed the values of the default
// name, with the old and the new ones, until the returned function is called. f
// runs as those of [Manager.OnChange] do, and sees each change once: what is old
// in a call was new in the one before.
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
func (m *Monitor[T]) prepare(root *node) (commit func(), err error) {
	old := m.current.Load()
	made := &values[T]{named: map[string]*T{}, from: map[string]*node{}}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(m.sections)) {
		section := m.sections[name]
		n := root.find(section)
		made.from[name] = n
		if old != nil && same(old.from[name], n) {
			made.named[name] = old.named[name]
			continue
		}
		value, err := m.recipe.make(root, section)
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
