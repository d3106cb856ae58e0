package scope

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/ctor"
)

// What fx has to know of a scoped constructor is made by reflection, once, when
// the application is built. fx's messages about it point at the constructor.

// presence is a singleton, if fx has it. A constructor of presences takes the
// singleton as required; who takes the presence does so as optional, and so sees
// one that is missing from one that is nil.
type presence struct {
	value any
	found bool
}

// resolve provides the declaration with its singletons resolved, in fx's group of
// all of them.
func (d declaration) resolve(at reflect.Value) fx.Option {
	var (
		constructors []any
		asked        []reflect.StructField
		params       []int // which of d's each asked is
	)
	for i, p := range d.params {
		if p.key.ofScope() {
			continue
		}
		name := fmt.Sprintf("fxhost.scope %p %d", d.maker, i)
		constructors = append(constructors, ctor.At(function(
			in(tagged(p.key.t, p.key.name, p.group, false)),
			out(tagged(reflect.TypeFor[presence](), name, "", false)),
			func(values []any) []any { return []any{presence{values[0], true}} },
		), at))
		asked = append(asked, tagged(reflect.TypeFor[presence](), name, "", true))
		params = append(params, i)
	}
	constructors = append(constructors, ctor.At(function(
		in(asked...),
		out(tagged(reflect.TypeFor[*declaration](), "", "fxhost.scope", false)),
		func(values []any) []any {
			resolved, maker := d, *d.maker // the same options may be built twice
			resolved.maker = &maker
			resolved.params = append([]param(nil), d.params...)
			for i, value := range values {
				p := value.(presence) //nolint:forcetypeassert // by its field
				resolved.params[params[i]].value, resolved.params[params[i]].found = p.value, p.found
			}
			return []any{&resolved}
		},
	), at))
	return fx.Provide(constructors...)
}

// unitOfWork is a type that fx never has.
type unitOfWork struct{}

// refuse provides what d makes to fx in a way that always fails: by a
// constructor that misses a unitOfWork. So fx says why a singleton cannot have a
// scoped value, and that a type cannot be both.
func (d declaration) refuse(at reflect.Value) fx.Option {
	made := make([]reflect.StructField, len(d.results))
	for i, k := range d.results {
		made[i] = tagged(k.t, k.name, "", false)
	}
	return fx.Provide(ctor.At(function(
		in(tagged(reflect.TypeFor[unitOfWork](), "", "", false)),
		out(made...),
		func([]any) []any { panic("scope: fx has no unit of work") },
	), at))
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
