package scope

import (
	"errors"
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/caller"
)

// Module makes the [Factory] of an fx application. Package host has it already.
// All singletons that scoped and transient constructors take are made when it is
// invoked.
func Module() fx.Option {
	return fx.Options(
		fx.Provide(func() *Factory { return &Factory{} }, noScope),
		fx.Invoke(func(in struct {
			fx.In
			Factory      *Factory
			Declarations []*declaration `group:"fxhost.scope"`
		},
		) error {
			g, err := compile(in.Declarations)
			if err == nil {
				in.Factory.graph.Store(g)
			}
			return err
		}),
	)
}

// Provide registers constructors of scoped values: each scope has one of its
// own, made when it is first asked for (.NET: AddScoped).
//
// A constructor takes singletons of fx, scoped and transient values, the
// context.Context of the scope, *[Scope], and a *zap.Logger named after what it
// makes; also in fx.In structs with name, group (of singletons) and optional
// tags. It returns a value, or several, also in an fx.Out struct with names, and
// behind them, if it has them, a cleanup function (func(), func() error or
// func(context.Context) error) and an error.
//
// Looking at constructors takes reflection, once, when the application is built;
// see [Get] for what they cost after that.
//
// The application needs [Module], or package host. A mistake is an error of
// fx.New: a type that is both scoped and a singleton is provided twice, and a
// singleton that takes a scoped type is missing a scope.unitOfWork, whose name
// says what to take instead.
func Provide(constructors ...any) fx.Option {
	return provide("Provide", fromScoped, nil, constructors...)
}

// Transient registers constructors of values of which everybody who asks gets a
// new one (.NET: AddTransient). The scope it was made in closes it.
func Transient(constructors ...any) fx.Option {
	return provide("Transient", fromTransient, nil, constructors...)
}

// Bind registers a constructor of a scoped value that is had as an I only
// (.NET: AddScoped<I, T>).
func Bind[I any](constructor any) fx.Option {
	return provide("Bind", fromScoped, reflect.TypeFor[I](), constructor)
}

// Func registers a function that returns the scoped T and asks the scope for
// what it needs, without reflection (.NET: AddScoped(sp => ...)). What it asks for
// is known when it runs, not when the application is built.
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
	return d.option()
}

// Replace registers constructors that are called instead of those that [Provide],
// [Transient], [Bind], [Func] or [Value] name for the same types, wherever in the
// options these are: for tests, which give a fake to what asks for the real one. A
// value keeps its lifetime. That nothing provides the type is an error of fx.New.
//
// fx.Replace and fx.Decorate are for singletons. For a type of this package they
// are errors of fx.New, unless they are in an fx.Module that no constructor of
// the type is in or below: there they reach nobody.
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

// Value declares that scopes are given a T by [With].
func Value[T any]() fx.Option {
	d := declaration{
		maker:   &constructor{name: fmt.Sprintf("scope.Value[%v]", reflect.TypeFor[T]()), place: caller.Here().String()},
		source:  fromInput,
		results: []key{{t: reflect.TypeFor[T]()}},
	}
	if d.results[0].ofScope() {
		return mistake("Value", caller.Here(), fmt.Errorf("every scope has a %v of its own", d.results[0]))
	}
	d.forbid = d.forbidden(reflect.ValueOf(With[T]))
	return fx.Options(fx.Provide(d.forbid), d.resolve())
}

// Singleton lets scopes ask for the singleton T of fx by [Get]. What a
// constructor takes can be had without.
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
	options := make([]fx.Option, len(constructors))
	for i, constructor := range constructors {
		d, err := inspect(constructor, lifetime, as)
		if err != nil {
			return mistake(option, place, err)
		}
		options[i] = d.option()
	}
	return fx.Options(options...)
}

func mistake(option string, place caller.Stack, err error) fx.Option {
	return fx.Error(fmt.Errorf("scope: %s at %v: %w", option, place, err))
}

func (d declaration) option() fx.Option {
	d.forbid = d.forbidden(d.maker.fn)
	return fx.Options(fx.Provide(d.forbid), d.resolve())
}
