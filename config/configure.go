package config

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/outline"
	"github.com/fxhost/fxhost/internal/scoped"
	"github.com/fxhost/fxhost/internal/startup"
)

// Configure reads a section into a T and provides it to constructors in three
// ways: *T has the values as they were when the application was built, a
// [*Monitor] has them as they are now, and a [*Snapshot] has them as they were
// when its scope began. The values are shared and must not be changed. The
// application needs a [*Manager], which package host provides, and scope.Module for
// snapshots (.NET: services.AddOptions<T>).
//
//	config.Configure[WorkerOptions]("Worker")
//
//	func NewWorker(options *WorkerOptions, log *zap.Logger) *Worker
//
// The section is read as [Manager.Bind] does and checked by T's method Validate()
// error, if it has one, and by each [Validate]. All sections of an application are
// checked before its first hosted service is constructed, even those that nothing
// uses, and all problems are reported in one error.
//
// Sections may be nested: if Worker and Worker:Retry are both configured, the key
// Retry is not an unknown key of Worker.
//
// T can be configured once in an application; doing it twice is an error that names
// both places.
func Configure[T any](section string, opts ...Option[T]) fx.Option {
	return ConfigureNamed(map[string]string{"": section}, opts...)
}

// ConfigureNamed is Configure for several sections of one type, by names
// (.NET: named options). opts apply to all of them, except those in [ForName]. The
// default name, which Value and Current return, is ""; without it *T is not
// provided.
func ConfigureNamed[T any](sections map[string]string, opts ...Option[T]) fx.Option {
	place, single := caller.Here(), fx.Options()
	if _, ok := sections[""]; ok {
		single = fx.Provide(func(c checked[T], all startup.Checks) (*T, error) { return c.initial, all.Err() })
	}
	return fx.Options(
		fx.Provide(
			// The first one to be constructed reports all that is wrong, not only with T.
			func(c checked[T], all startup.Checks) (*Monitor[T], error) { return c.monitor, all.Err() },
			func() configured { return configured{Sections: slices.Collect(maps.Values(sections))} },
			func(all allConfigured) checked[T] {
				if err := checkConfigured[T](sections); err != nil {
					return checked[T]{err: err}
				}
				if all.Manager == nil {
					return checked[T]{err: fmt.Errorf("config: Configure[%v] at %v: there is no *config.Manager: "+
						"provide the one that config.New returns, or use package host", reflect.TypeFor[T](), place)}
				}
				all.Manager.claim(all.Sections) // also those that are read after this one
				monitor, err := newMonitor(all.Manager, sections, opts)
				if err != nil {
					return checked[T]{err: err}
				}
				return checked[T]{monitor: monitor, initial: monitor.Current()}
			},
			func(c checked[T]) startup.Result {
				return startup.Result{Check: startup.Check{Name: reflect.TypeFor[T]().String(), Err: c.err}}
			},
		),
		single,
		outline.DeclareSection(outline.Section{
			Name: reflect.TypeFor[T]().String(),
			Claim: func(manager any) {
				if m, ok := manager.(*Manager); ok {
					m.claim(slices.Collect(maps.Values(sections)))
				}
			},
			Check: func(manager any) error {
				m, ok := manager.(*Manager)
				if err := checkConfigured[T](sections); err != nil || !ok {
					return err
				}
				_, err := newMonitor(m, sections, opts)
				return err
			},
		}),
		scope.Provide(scoped.Optional{Constructor: func(c checked[T]) *Snapshot[T] { return &Snapshot[T]{c.monitor.current.Load()} }}),
		// Without a hosted service nothing else would ask for the checks.
		fx.Invoke(func(all startup.Checks) error { return all.Err() }),
	)
}

// checked is a Monitor, or the error of making it. The constructor does not return
// the error, because then fx would not run the constructors after it.
type checked[T any] struct {
	monitor *Monitor[T]
	initial *T
	err     error
}

// configured are the sections of one type, and allConfigured those of all types.
type configured struct {
	fx.Out

	Sections []string `group:"fxhost.config.sections,flatten"`
}

type allConfigured struct {
	fx.In

	Manager  *Manager `optional:"true"` // so that its absence is told in our words
	Sections []string `group:"fxhost.config.sections"`
}

// checkConfigured refuses what can never work.
func checkConfigured[T any](sections map[string]string) error {
	t := reflect.TypeFor[T]()
	isText := reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
	var errs []error
	refuse := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("config: Configure[%v]: "+format, append([]any{t}, args...)...))
	}
	switch kind := t.Kind(); {
	case kind == reflect.Pointer:
		refuse("T is a pointer; write Configure[%v], and take a %v", t.Elem(), t)
	case isText || isValue(t) || !slices.Contains([]reflect.Kind{reflect.Struct, reflect.Map, reflect.Slice, reflect.Array}, kind):
		refuse("a section has keys, and this is a single value; write a struct with a field for it")
	case kind == reflect.Map && t.Key().Kind() != reflect.String:
		refuse("only maps with string keys can be read")
	case kind == reflect.Struct && t.NumField() > 0:
		b := newBinder(nil)
		f := b.fieldsOf(t)
		if b.misuse != nil {
			refuse("%w", b.misuse)
		} else if len(f.keys) == 0 && f.remain == nil {
			refuse("it has no exported field, so nothing can be read")
		}
	}
	for _, section := range sections {
		switch {
		case strings.Contains(section, "."):
			refuse("section %q: names are separated by a colon; write %q", section, strings.ReplaceAll(section, ".", delimiter))
		case section != "" && slices.Contains(strings.Split(section, delimiter), ""):
			refuse("section %q: a name is empty", section)
		}
	}
	return errors.Join(errs...)
}
