package scope

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"
)

// fx is told of every scoped type, by a constructor that always fails. So a singleton
// that takes one is told why it cannot have it, and a type cannot be both.

// CaptiveError says that a singleton takes a scoped or transient value, which it
// would keep after the unit of work. It is in the error of fx.New.
type CaptiveError struct {
	Type        reflect.Type // of the value
	Constructor string       // of the value: its name and place, "" for *Scope
}

func (e *CaptiveError) Error() string {
	if e.Constructor == "" {
		return fmt.Sprintf("scope: a singleton cannot take a %v: take a *scope.Factory and open a scope for each unit of work", e.Type)
	}
	return fmt.Sprintf("scope: a singleton cannot take %v of %s, which lives for one unit of work: "+
		"take a *scope.Factory, open a scope for each unit of work, and get it from there; "+
		"scope.Replace changes it, fx.Replace and fx.Decorate do not", e.Type, e.Constructor)
}

// unitOfWork stands in fx for what a scoped value needs and a singleton lacks.
type unitOfWork struct{}

// changed is a scoped type that fx.Replace or fx.Decorate has changed.
type changed struct {
	maker *constructor
	key   key
}

func (c changed) Error() string {
	return fmt.Sprintf("scope: fx.Replace and fx.Decorate do not reach %v of %s, which lives for one unit of work: "+
		"use scope.Replace", c.key, c.maker)
}

// hide provides fx with d's types. Their constructor, d.hidden, which has the name and the
// line of the function at in fx's messages, can never be called. It needs
//
//   - something whose constructor returns a [CaptiveError]: not even an optional
//     parameter forgives that, but fx.ValidateApp, which calls nothing, does not see it
//   - something that misses a unitOfWork, whose name is the advice: fx.ValidateApp sees
//     that, but an optional parameter forgives it.
//
// To see whether fx.Replace or fx.Decorate has changed the types, they are asked for.
// That must not call the first of these constructors, because fx logs an error for each
// call that fails. So until then it misses something, too: nothing provides ready, but
// it is decorated, and for fx a value exists once its decorator has been called.
func (d *declaration) hide(at reflect.Value) fx.Option {
	captive := &CaptiveError{Type: d.results[0].t}
	if !d.results[0].ofScope() {
		captive.Constructor = d.maker.String()
	}
	unit := func(name string) reflect.StructField { return tagged(reflect.TypeFor[unitOfWork](), name, "", false) }
	name := fmt.Sprintf("of %v, %p", d.results[0], d.maker)
	called, checked := unit(name), unit(name+", checked")
	missing, ready := unit(bare(captive)), unit(fmt.Sprintf("%s (%p)", bare(captive), d.maker))

	var made, asked, marks []reflect.StructField
	for _, k := range d.results {
		made = append(made, tagged(k.t, k.name, "", false))
		asked = append(asked, tagged(k.t, k.name, "", true))
		marks = append(marks, markOf(reflect.TypeFor[unitOfWork](), k))
	}
	asked = append(asked, optional(ready)) // the last one: then the types have been asked for
	maker, results := d.maker, d.results
	d.hidden = neverCalled(at, reflect.FuncOf([]reflect.Type{in(called, checked)}, []reflect.Type{out(made...)}, false))
	return fx.Options(
		fx.Decorate(function(in(), out(ready), nil)),
		fx.Provide(
			d.hidden,
			function(in(ready), out(called), func([]any) ([]any, error) { return nil, captive }),
			function(in(missing), out(append(marks, checked)...), nil),
			function(in(asked...), out(tagged(reflect.TypeFor[[]changed](), "", "fxhost.scope.changed,flatten", false)), func(values []any) ([]any, error) {
				var all []changed
				for i, k := range results {
					if value := values[i]; value != nil && !reflect.ValueOf(value).IsZero() {
						all = append(all, changed{maker, k})
					}
				}
				return []any{all}, nil
			}),
		),
	)
}

// markOf is how a scoped type k is marked, and how all marks of k are asked for: that
// fails, because something is missing for them. If k is a singleton, there are none.
func markOf(t reflect.Type, k key) reflect.StructField {
	return tagged(t, "", fmt.Sprintf("fxhost.scope.type.%x.%x", idOf(k.t), k.name), false)
}
