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
			in(markOf(reflect.TypeFor[[]unitOfWork](), p.key), tagged(p.key.t, p.key.name, p.group, false)),
			out(tagged(reflect.TypeFor[singleton](), name, "", false)),
			func(values []any) ([]any, error) { return []any{singleton{values[1], true}}, nil },
		))
		asked = append(asked, tagged(reflect.TypeFor[singleton](), name, "", true))
		params = append(params, i)
	}
	constructors = append(constructors, function(
		in(asked...),
		out(tagged(reflect.TypeFor[*declaration](), "", "fxhost.scope", false)),
		func(values []any) ([]any, error) {
			resolved := d.clone()
			for i, param := range params {
				resolved.params[param].singleton = values[i].(singleton) //nolint:forcetypeassert // by its field
			}
			return []any{resolved}, nil
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

// function makes a func(in) (out, error), in and out being structs behind their
// marker, of one that takes and returns the values of their fields.
func function(in, out reflect.Type, body func([]any) ([]any, error)) any {
	types := []reflect.Type{out, reflect.TypeFor[error]()}
	return reflect.MakeFunc(reflect.FuncOf([]reflect.Type{in}, types, false),
		func(args []reflect.Value) []reflect.Value {
			given := make([]any, in.NumField()-1)
			for i := range given {
				given[i] = args[0].Field(i + 1).Interface()
			}
			result, failed := reflect.New(out).Elem(), reflect.New(types[1]).Elem()
			if body == nil {
				return []reflect.Value{result, failed}
			}
			values, err := body(given)
			for i, value := range values {
				result.Field(i + 1).Set(reflect.ValueOf(value))
			}
			if err != nil {
				failed.Set(reflect.ValueOf(err))
			}
			return []reflect.Value{result, failed}
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

// optional is the parameter of a function that does without it.
func optional(field reflect.StructField) reflect.StructField {
	field.Tag += `optional:"true"`
	return field
}
