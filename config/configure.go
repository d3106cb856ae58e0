package config

import (
	"reflect"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/startup"
)

// Configure provides the values of a section as a T, in three ways: [*Options]
// never change, a [*Monitor] has them as they are now, and a [*Snapshot] has them
// as they were when its scope began. It needs a [*Manager], as package host
// provides it, and package scope for the last one (.NET: services.AddOptions<T>,
// OP-11).
//
// The section is read as [Manager.Bind] does and checked ([Validate]). All
// sections of an application are checked before its first hosted service is
// constructed, used or not, and all that is wrong is one error (OP-8).
//
// T is configured once in an application: a second time is an error of fx that
// names both places.
func Configure[T any](section string, opts ...OptionsOption[T]) fx.Option {
	return ConfigureNamed(map[string]string{"": section}, opts...)
}

// ConfigureNamed is Configure for several sections of one type, by names
// (.NET: named options). "" is the default name, which Value and Current return;
// it need not be among them.
func ConfigureNamed[T any](sections map[string]string, opts ...OptionsOption[T]) fx.Option {
	return fx.Options(
		fx.Provide(
			// Whoever asks first is told all that is wrong, not only with T.
			func(a *attempt[T], c startup.Checks) (*Monitor[T], error) { return a.monitor, c.Err() },
			func(m *Monitor[T]) *Options[T] { return &Options[T]{m.Current()} },
			func(m *Manager) *attempt[T] {
				monitor, err := newMonitor(m, sections, opts)
				return &attempt[T]{monitor, err}
			},
			func(a *attempt[T]) startup.Result {
				return startup.Result{Check: startup.Check{Name: reflect.TypeFor[T]().String(), Err: a.err}}
			},
		),
		scope.Provide(func(a *attempt[T]) *Snapshot[T] { return &Snapshot[T]{a.monitor.current.Load()} }),
		// Without a hosted service nothing else would ask for the checks.
		fx.Invoke(func(c startup.Checks) error { return c.Err() }),
	)
}

// attempt is a Monitor or what is wrong with it: a constructor that fails would
// keep fx from running those after it.
type attempt[T any] struct {
	monitor *Monitor[T]
	err     error
}
