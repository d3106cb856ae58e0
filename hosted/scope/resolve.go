package scope

import (
	"fmt"
	"reflect"
	"slices"

	"go.uber.org/fx"
)

// What fx has to know of a scoped constructor is made by reflection, once, when
// the application is built. Names in fx's graph say what fx's messages should.

// singleton is one that a constructor takes, if fx has it. A constructor of
// singletons takes it as required; the declaration takes the singleton as optional,
// and so tells one that is missing from one that is nil.
type singleton struct {
	value any
	found bool
}

// resolve provides the declaration with its singletons resolved, in fx's group of
// all of them.
func (d declaration) resolve() fx.Option {
	var (
		constructors []any
		asked        []reflect.StructField
		params       []int // which of d's each asked is
	)
	for i, p := range d.params {
		if p.key.ofScope() {
			continue
		}
		name := fmt.Sprintf("parameter %d of %s, %p", i+1, d.maker, d.maker)
		d.params[i].name = name
		constructors = append(constructors, function(
			in(tagged(p.key.t, p.key.name, p.group, false)),
			out(tagged(reflect.TypeFor[singleton](), name, "", false)),
			func(values []any) []any { return []any{singleton{values[0], true}} },
		))
		asked = append(asked, tagged(reflect.TypeFor[singleton](), name, "", true))
		params = append(params, i)
	}
	for _, k := range d.results {
		asked = append(asked, tagged(k.t, k.name, "", true)) // fx has one of these only if it is replaced
	}
	constructors = append(constructors, function(
		in(asked...),
		out(tagged(reflect.TypeFor[*declaration](), "", "fxhost.scope", false)),
		func(values []any) []any {
			resolved := d.clone()
			for i, param := range params {
				resolved.params[param].singleton = values[i].(singleton) //nolint:forcetypeassert // by its field
			}
			for i, value := range values[len(params):] {
				if value != nil && !reflect.ValueOf(value).IsZero() && !d.replaces {
					resolved.overridden = append(resolved.overridden, d.results[i])
				}
			}
			return []any{resolved}
		},
	), func() declared { return declared{Declaration: d.clone()} })
	return fx.Provide(constructors...)
}

// declared is a declaration whose singletons are not resolved.
type declared struct {
	fx.Out
	Declaration *declaration `group:"fxhost.scope.declared"`
}

// clone returns a copy for one application: the same options may be built twice.
func (d declaration) clone() *declaration {
	maker := *d.maker
	d.maker, d.params = &maker, slices.Clone(d.params)
	return &d
}

// unitOfWork is a type that fx never has. What needs one by a name misses it, and
// fx says so: the name is the advice.
type unitOfWork struct{}

// forbidden is a constructor of what d returns that fx cannot call. So fx says why a
// singleton cannot have a scoped value, and that a type cannot be both. In its
// messages the constructor is at.
func (d declaration) forbidden(at reflect.Value) any {
	made := make([]reflect.StructField, len(d.results))
	for i, k := range d.results {
		made[i] = tagged(k.t, k.name, "", false)
	}
	advice := fmt.Sprintf("a singleton cannot take %v of %s, which lives for one unit of work: "+
		"take a *scope.Factory, open a scope for each unit of work, and get it from there; "+
		"scope.Replace changes it, fx.Replace and fx.Decorate do not", d.results[0], d.maker)
	return neverCalled(at, reflect.FuncOf(
		[]reflect.Type{in(tagged(reflect.TypeFor[unitOfWork](), advice, "", false))}, []reflect.Type{out(made...)}, false))
}

// noScope is for singletons that take a *Scope.
func noScope(struct {
	fx.In
	Unit unitOfWork `name:"a singleton cannot take a *scope.Scope: take a *scope.Factory and open a scope for each unit of work"`
},
) *Scope {
	return nil
}

// function makes a func(in) out, both structs behind their marker, of one that
// takes and returns the values of their fields.
func function(in, out reflect.Type, body func([]any) []any) any {
	return reflect.MakeFunc(reflect.FuncOf([]reflect.Type{in}, []reflect.Type{out}, false),
		func(args []reflect.Value) []reflect.Value {
			values := make([]any, in.NumField()-1)
			for i := range values {
				values[i] = args[0].Field(i + 1).Interface()
			}
			result := reflect.New(out).Elem()
			for i, value := range body(values) {
				result.Field(i + 1).Set(reflect.ValueOf(value))
			}
			return []reflect.Value{result}
		}).Interface()
}

func in(fields ...reflect.StructField) reflect.Type {
	return marked(reflect.StructField{Name: "In", Anonymous: true, Type: reflect.TypeFor[fx.In]()}, fields)
}

func out(fields ...reflect.StructField) reflect.Type {
	return marked(reflect.StructField{Name: "Out", Anonymous: true, Type: reflect.TypeFor[fx.Out]()}, fields)
}

func marked(marker reflect.StructField, fields []reflect.StructField) reflect.Type {
	all := []reflect.StructField{marker}
	for i, field := range fields {
		field.Name = fmt.Sprintf("Field%d", i)
		all = append(all, field)
	}
	return reflect.StructOf(all)
}

func tagged(t reflect.Type, name, group string, optional bool) reflect.StructField {
	tag := ""
	if name != "" {
		tag += fmt.Sprintf("name:%q ", name)
	}
	if group != "" {
		tag += fmt.Sprintf("group:%q ", group)
	}
	if optional {
		tag += `optional:"true"`
	}
	return reflect.StructField{Type: t, Tag: reflect.StructTag(tag)}
}
