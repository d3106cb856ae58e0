package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"

	"go.uber.org/dig"
)

// declaration is a constructor before the graph is compiled.
type declaration struct {
	maker   *constructor
	source  source
	params  []param
	results []key

	hidden   any  // see hide
	replaces bool // results of others
}

// param is one value that a constructor takes: a parameter, or a field of an
// fx.In.
type param struct {
	key      key
	group    string
	optional bool
	name     string // of the singleton in fx's graph
	singleton
}

// inspect looks at constructor, which makes as, or what it returns if that is
// nil.
func inspect(constructor any, lifetime source, as reflect.Type) (declaration, error) {
	fn := reflect.ValueOf(constructor)
	if fn.Kind() != reflect.Func {
		return declaration{}, fmt.Errorf("constructor is a %T, want a function", constructor)
	}
	if fn.IsNil() {
		return declaration{}, fmt.Errorf("constructor is a nil %v", fn.Type())
	}
	if fn.Type().IsVariadic() {
		return declaration{}, fmt.Errorf("constructor %v is variadic: take a slice in an fx.In struct", fn.Type())
	}
	d := declaration{maker: newConstructor(fn), source: lifetime}
	if err := d.inspectParams(fn.Type()); err != nil {
		return d, err
	}
	return d, d.inspectResults(fn.Type(), as)
}

func newConstructor(fn reflect.Value) *constructor {
	f := runtime.FuncForPC(fn.Pointer())
	file, line := f.FileLine(f.Entry())
	name := f.Name()
	return &constructor{
		name: name[strings.LastIndex(name, "/")+1:], place: fmt.Sprintf("%s:%d", file, line), fn: fn,
	}
}

func (d *declaration) inspectParams(fn reflect.Type) error {
	structs := false
	for t := range fn.Ins() {
		if !dig.IsIn(t) {
			d.params = append(d.params, param{key: key{t: t}})
			continue
		}
		structs = true
		for _, field := range fields(t, reflect.TypeFor[dig.In]()) {
			p := param{
				key:      key{field.Type, field.Tag.Get("name")},
				group:    field.Tag.Get("group"),
				optional: field.Tag.Get("optional") == "true",
			}
			if !field.IsExported() || dig.IsIn(field.Type) {
				return fmt.Errorf("constructor %v: field %s of %v: want exported fields and no struct within", fn, field.Name, t)
			}
			d.params = append(d.params, p)
		}
	}
	if structs {
		d.maker.in = func(args []reflect.Value) []reflect.Value { return pack(fn, args) }
	}
	return nil
}

// fields are those of an fx.In or fx.Out struct, without the marker itself.
func fields(t, marker reflect.Type) (all []reflect.StructField) {
	for field := range t.Fields() {
		if field.Type != marker {
			all = append(all, field)
		}
	}
	return all
}

// pack makes the parameters of fn, with its fx.In structs, of their values.
func pack(fn reflect.Type, values []reflect.Value) []reflect.Value {
	args := make([]reflect.Value, fn.NumIn())
	for i := range args {
		t := fn.In(i)
		if !dig.IsIn(t) {
			args[i], values = values[0], values[1:]
			continue
		}
		args[i] = reflect.New(t).Elem()
		for _, field := range fields(t, reflect.TypeFor[dig.In]()) {
			args[i].FieldByIndex(field.Index).Set(values[0])
			values = values[1:]
		}
	}
	return args
}

// inspectResults finds what fn makes: values, then a cleanup function, then an
// error; the last two may be missing.
func (d *declaration) inspectResults(fn, as reflect.Type) error {
	last := fn.NumOut()
	fails := last > 0 && fn.Out(last-1) == reflect.TypeFor[error]()
	if fails {
		last--
	}
	cleans := last > 1 && cleanup(reflect.Zero(fn.Out(last-1))) != nil
	if cleans {
		last--
	}
	var take []func([]reflect.Value) any // each value out of fn's results
	for i := range last {
		t := fn.Out(i)
		switch {
		case !dig.IsOut(t):
			d.results = append(d.results, key{t: t})
			take = append(take, func(out []reflect.Value) any { return out[i].Interface() })
		default:
			for _, field := range fields(t, reflect.TypeFor[dig.Out]()) {
				if field.Tag.Get("group") != "" {
					return fmt.Errorf("constructor %v: field %s: scoped values cannot be in a group", fn, field.Name)
				}
				if !field.IsExported() || dig.IsOut(field.Type) {
					return fmt.Errorf("constructor %v: field %s of %v: want exported fields and no struct within", fn, field.Name, t)
				}
				d.results = append(d.results, key{field.Type, field.Tag.Get("name")})
				take = append(take, func(out []reflect.Value) any { return out[i].FieldByIndex(field.Index).Interface() })
			}
		}
	}
	if len(d.results) == 0 {
		return fmt.Errorf("constructor %v makes nothing: want func(...) T, and behind T a cleanup function or an error "+
			"or both if it has them", fn)
	}
	named := d.results[0].t // what the loggers are named after: the type behind an interface, if it is known
	if as != nil {
		if len(d.results) != 1 || d.results[0].t != as && (as.Kind() != reflect.Interface || !d.results[0].t.Implements(as)) {
			return fmt.Errorf("constructor %v does not return one value that is a %v", fn, as)
		}
		d.results[0].t = as
		if named.Kind() == reflect.Interface {
			named = as
		}
	}
	d.maker.category = strings.TrimPrefix(named.String(), "*")
	for _, k := range d.results {
		switch {
		case k.t == reflect.TypeFor[error]():
			return fmt.Errorf("constructor %v: an error must be the last result", fn)
		case k.ofScope():
			return fmt.Errorf("constructor %v: every scope has a %v of its own", fn, k)
		case k.t.Kind() == reflect.Interface || closes(k.t):
			d.maker.closes = true
		}
	}
	d.maker.direct, d.maker.function = signatureOf(fn), d.maker.fn.Interface()
	d.maker.out = func(out []reflect.Value) (o outcome) {
		if fails {
			o.err, _ = reflect.TypeAssert[error](out[len(out)-1])
			out = out[:len(out)-1]
		}
		if cleans && !out[len(out)-1].IsNil() {
			o.cleanup = cleanup(out[len(out)-1])
		}
		if o.err != nil {
			return o
		}
		if len(take) == 1 {
			o.value = take[0](out)
			return o
		}
		several := make(results, len(take))
		for i := range take {
			several[i] = take[i](out)
		}
		o.value = several
		return o
	}
	return nil
}

func closes(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[interface{ Close() error }]()) ||
		t.Implements(reflect.TypeFor[interface {
			Close(ctx context.Context) error
		}]())
}

// cleanup is v as a cleanup function, nil if its type is none.
func cleanup(v reflect.Value) func(context.Context) error {
	switch f := v.Interface().(type) {
	case func():
		return func(context.Context) error { f(); return nil }
	case func() error:
		return func(context.Context) error { return f() }
	case func(context.Context) error:
		if f == nil {
			return func(context.Context) error { return errors.New("scope: nil cleanup") } // only its type is asked for
		}
		return f
	default:
		return nil
	}
}
