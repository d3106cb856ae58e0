package scope

import (
	"errors"
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/scoped"
)

// Module provides the [Factory] of an fx application. Package host includes it. The
// singletons that scoped and transient constructors take are constructed when fx
// invokes it. Add it before the fx.Modules of the application: what they invoke
// earlier can take a scoped value that is optional:"true", and gets the zero value, which
// only [ValidateApp] finds.
func Module() fx.Option {
	itself := declaration{
		maker:   &constructor{name: "scope.Module", place: caller.Here().String()},
		results: []key{{t: reflect.TypeFor[*Scope]()}},
	}
	return fx.Options(
		fx.Provide(func() *Factory { return &Factory{} }),
		itself.hide(reflect.ValueOf(Module)),
		// fx invokes this before what other modules invoke, if they come later.
		fx.Module("fxhost.scope", fx.Invoke(func(fxChanges) {})),
		fx.Invoke(func(f *Factory, changes fxChanges, in struct {
			fx.In
			Declarations []*declaration `group:"fxhost.scope"`
		},
		) error {
			compiled, err := compile(in.Declarations, changes.Changed)
			if err == nil {
				f.graph.Store(compiled)
			}
			return err
		}),
	)
}

// fxChanges are the scoped types that fx.Replace or fx.Decorate has changed.
type fxChanges struct {
	fx.In
	Changed []changed `group:"fxhost.scope.changed"`
}

// Provide registers constructors of scoped values. Each scope has its own value,
// which is constructed when it is first needed (.NET: AddScoped).
//
// A constructor may take singletons of fx, scoped and transient values, the
// context.Context of the scope, *[Scope], and a *zap.Logger named after the type it
// returns. Parameters may be in fx.In structs with name, group (of singletons) and
// optional tags. A constructor returns one or more values, which may be in an fx.Out
// struct with names. They may be followed by a cleanup function, which is a func(), a
// func() error or a func(context.Context) error, and by an error.
//
// The application needs [Module] or package host. Mistakes are errors of fx.New.
func Provide(constructors ...any) fx.Option {
	return provide("Provide", fromScoped, nil, constructors...)
}

// Transient registers constructors of transient values: each constructor and each
// [Get] receives a new one (.NET: AddTransient). It is closed with the scope.
func Transient(constructors ...any) fx.Option {
	return provide("Transient", fromTransient, nil, constructors...)
}

// Bind registers a constructor of a scoped value that is available only as the
// interface I (.NET: AddScoped<I, T>).
func Bind[I any](constructor any) fx.Option {
	return provide("Bind", fromScoped, reflect.TypeFor[I](), constructor)
}

// Func registers a function that returns the scoped T and calls [Get] for what it
// needs (.NET: AddScoped(sp => ...)). What it needs is not known until it runs, so
// the build does not check it.
func Func[T any](build func(s *Scope) (T, error)) fx.Option {
	if build == nil {
		return mistake("Func", caller.Here(), errors.New("function is nil"))
	}
	d, err := inspect(build, fromScoped, nil)
	if err != nil {
		return mistake("Func", caller.Here(), err)
	}
	if len(d.results) != 1 || d.results[0].t != reflect.TypeFor[T]() {
		return mistake("Func", caller.Here(),
			fmt.Errorf("function makes a %v, want one value: use scope.Provide", reflect.TypeFor[T]()))
	}
	d.params = nil
	d.maker.typed = func(s *Scope) (any, error) { return build(s) }
	return fx.Options(d.option(), needsModule("Func", caller.Here()))
}

// Replace registers constructors that are called instead of those registered by
// [Provide], [Transient], [Bind], [Func] or [Value] for the same types, wherever those
// are in the options. It is for tests that use a fake. The lifetime of the value stays
// the same. If nothing registers the type, fx.New returns an error.
//
// fx.Replace and fx.Decorate work on singletons only. If they name a scoped or
// transient type, fx.New returns an error, unless they are in an fx.Module that
// neither contains the constructor of the type nor is above it: there they have no
// effect.
func Replace(constructors ...any) fx.Option {
	place := caller.Here()
	options := make([]fx.Option, len(constructors))
	for i, constructor := range constructors {
		d, err := inspect(constructor, fromScoped, nil)
		if err != nil {
			return mistake("Replace", place, err)
		}
		d.replaces, d.maker.replaces = true, true
		options[i] = d.resolve()
	}
	return fx.Options(options...)
}

// Value declares a type T whose value the caller passes to each scope by [With].
func Value[T any]() fx.Option {
	d := declaration{
		maker:   &constructor{name: fmt.Sprintf("scope.Value[%v]", reflect.TypeFor[T]()), place: caller.Here().String()},
		source:  fromInput,
		results: []key{{t: reflect.TypeFor[T]()}},
	}
	if d.results[0].ofScope() {
		return mistake("Value", caller.Here(), fmt.Errorf("every scope has a %v of its own", d.results[0]))
	}
	return fx.Options(d.hide(reflect.ValueOf(With[T])), d.resolve())
}

// Singleton makes the singleton T of fx available to [Get], [Do] and [Factory.Run].
// Singletons that a scoped or transient constructor takes are available without it.
func Singleton[T any]() fx.Option {
	d := declaration{
		maker:  &constructor{name: fmt.Sprintf("scope.Singleton[%v]", reflect.TypeFor[T]()), place: caller.Here().String()},
		source: fromFx,
		params: []param{{key: key{t: reflect.TypeFor[T]()}}},
	}
	return d.resolve()
}

func provide(option string, lifetime source, as reflect.Type, constructors ...any) fx.Option {
	place := caller.Here()
	options := make([]fx.Option, len(constructors), len(constructors)+1)
	needed := false
	for i, constructor := range constructors {
		if optional, ok := constructor.(scoped.Optional); ok {
			constructor = optional.Constructor
		} else {
			needed = true
		}
		d, err := inspect(constructor, lifetime, as)
		if err != nil {
			return mistake(option, place, err)
		}
		options[i] = d.option()
	}
	if needed {
		options = append(options, needsModule(option, place))
	}
	return fx.Options(options...)
}

// needsModule says what to write if there is no Factory, to those who take one in an
// option that comes after this one.
func needsModule(option string, place caller.Stack) fx.Option {
	return fx.Invoke(func(in struct {
		fx.In
		Factory *Factory `optional:"true"`
	},
	) error {
		if in.Factory != nil {
			return nil
		}
		return fmt.Errorf("scope: %s at %v: the application has no scopes: add scope.Module() to the options of fx.New, "+
			"or use package host", option, place)
	})
}

func mistake(option string, place caller.Stack, err error) fx.Option {
	return fx.Error(fmt.Errorf("scope: %s at %v: %w", option, place, err))
}

func (d declaration) option() fx.Option {
	return fx.Options(d.hide(d.maker.fn), d.resolve())
}
