package scope

import (
	"errors"
	"reflect"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
)

// ValidateApp is [fx.ValidateApp] for an application with scoped or transient
// constructors: it calls no constructor, and also finds the mistakes in these that
// fail the build. host.Builder.Validate calls it.
func ValidateApp(options ...fx.Option) error {
	app := fx.Options(options...)
	declarations, err := declarationsOf(app)
	if err != nil {
		return fx.ValidateApp(app) // says it, too
	}
	err = fx.ValidateApp(app)
	scoped := map[key]bool{}
	for _, d := range declarations {
		for _, k := range d.results {
			scoped[k] = true
		}
	}
	strict := []fx.Option{app, fx.NopLogger, fx.Decorate(func() unresolved { return unresolved{} })}
	for _, d := range declarations {
		if d.hidden != nil {
			strict = append(strict, fx.Decorate(d.hidden)) // fx does without an optional value, but not without its decorator
		}
		for i := range d.params {
			p := &d.params[i]
			if p.name == "" || scoped[p.key] {
				continue
			}
			take := invoke(tagged(reflect.TypeFor[singleton](), p.name, "", false))
			p.found = err != nil || fx.ValidateApp(app, fx.NopLogger, take) == nil
			if p.found {
				strict = append(strict, take)
			}
		}
	}
	_, invalid := compile(declarations, nil)
	if err = errors.Join(err, invalid); err != nil {
		return err
	}
	if err = fx.ValidateApp(strict...); err == nil {
		return nil
	}
	for _, d := range declarations {
		for _, k := range d.results {
			if !d.replaces && fx.ValidateApp(app, fx.NopLogger, invoke(tagged(k.t, k.name, "", false))) == nil {
				return changed{d.maker, k}
			}
		}
	}
	return err
}

// unresolved takes the place of what [Module] asks for.
type unresolved struct {
	fx.Out
	Declarations []*declaration `group:"fxhost.scope"`
	Changed      []changed      `group:"fxhost.scope.changed"`
}

// invoke takes one value.
func invoke(field reflect.StructField) fx.Option {
	return fx.Invoke(reflect.MakeFunc(reflect.FuncOf([]reflect.Type{in(field)}, nil, false), nil).Interface())
}

// declarationsOf are those in the options. fx makes its logger before it invokes
// anything, and a logger may take what it likes.
func declarationsOf(app fx.Option) (all []*declaration, err error) {
	enough := errors.New("scope: this is all")
	err = fx.New(app, fx.Logger(nowhere{}), fx.WithLogger(func(in struct {
		fx.In
		Declarations []*declaration `group:"fxhost.scope.declared"`
	},
	) (fxevent.Logger, error) {
		all = in.Declarations
		return nil, enough
	})).Err()
	if errors.Is(err, enough) {
		err = nil
	}
	return all, err
}

type nowhere struct{}

func (nowhere) Printf(string, ...any) {}
