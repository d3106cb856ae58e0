// Package ctor prepares constructors for fx.
package ctor

import (
	"fmt"
	"log/slog"
	"reflect"

	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/category"
)

// Named returns what to give fx.Provide for constructor, a function or an
// fx.Annotate of one that makes t, so that every *zap.Logger and *slog.Logger it takes is named.
//
// Each constructor is wrapped on its own: an fx.Module with a decorator for each
// would do the same, but its dig scope holds a copy of the whole graph, so that
// a thousand of them make the build quadratic.
func Named(constructor any, t reflect.Type, name string) (any, error) {
	fn := reflect.ValueOf(constructor)
	annotated, isAnnotated := target(fn)
	if isAnnotated {
		fn = annotated.Elem()
	}
	switch {
	case fn.Kind() != reflect.Func:
		return nil, fmt.Errorf("constructor is a %T, want a function that returns %v", constructor, t)
	case fn.IsNil():
		return nil, fmt.Errorf("constructor is a nil %v, want a function that returns %v", fn.Type(), t)
	case !isAnnotated && !makes(fn.Type(), t):
		return nil, fmt.Errorf("constructor %v does not return %v", fn.Type(), t)
	case !takesLogger(fn.Type()):
		return constructor, nil
	}
	wrapped := reflect.MakeFunc(fn.Type(), func(args []reflect.Value) []reflect.Value {
		for i, arg := range args {
			args[i] = rename(arg, name)
		}
		if fn.Type().IsVariadic() {
			return fn.CallSlice(args)
		}
		return fn.Call(args)
	})
	if !isAnnotated {
		return locate(fx.Annotate(wrapped.Interface()), fn), nil
	}
	return locate(replace(constructor, wrapped), fn), nil
}

// makes tells whether a constructor returns t, by itself or in an fx.Out.
func makes(fn, t reflect.Type) bool {
	for i := range fn.NumOut() {
		if out := fn.Out(i); out == t || dig.IsOut(out) {
			return true
		}
	}
	return false
}

func takesLogger(fn reflect.Type) bool {
	for i := range fn.NumIn() {
		if in := fn.In(i); isLogger(in) || dig.IsIn(in) && hasLogger(in) {
			return true
		}
	}
	return false
}

func hasLogger(in reflect.Type) bool {
	for i := range in.NumField() {
		field := in.Field(i)
		if field.IsExported() && isLogger(field.Type) || dig.IsIn(field.Type) && hasLogger(field.Type) {
			return true
		}
	}
	return false
}

func isLogger(t reflect.Type) bool {
	return t == reflect.TypeFor[*zap.Logger]() || t == reflect.TypeFor[*slog.Logger]()
}

// rename returns arg with every logger in it named.
func rename(arg reflect.Value, name string) reflect.Value {
	switch {
	case arg.Type() == reflect.TypeFor[*zap.Logger]():
		if log := arg.Interface().(*zap.Logger); log != nil { //nolint:forcetypeassert // by the case
			return reflect.ValueOf(category.Named(log, name))
		}
	case arg.Type() == reflect.TypeFor[*slog.Logger]():
		if log := arg.Interface().(*slog.Logger); log != nil { //nolint:forcetypeassert // by the case
			return reflect.ValueOf(category.NamedSlog(log, name))
		}
	case dig.IsIn(arg.Type()):
		in := reflect.New(arg.Type()).Elem()
		in.Set(arg)
		for i := range in.NumField() {
			if field := in.Field(i); field.CanSet() {
				field.Set(rename(field, name))
			}
		}
		return in
	}
	return arg
}

// What fx.Annotate returns is a struct of fx's own with two exported fields:
// Target, the function, and FuncPtr, the code that fx's messages point at. fx
// never sets the second, so that they would point into package reflect. If fx
// renames them, TestErrorsPointAtTheUsersConstructor fails, and messages
// become worse, nothing else.

// target is the function in what fx.Annotate returned.
func target(annotated reflect.Value) (reflect.Value, bool) {
	if !annotated.IsValid() || annotated.Type() != reflect.TypeOf(fx.Annotate(nil)) {
		return reflect.Value{}, false
	}
	field := annotated.FieldByName("Target")
	return field, field.IsValid() && field.Kind() == reflect.Interface && !field.IsNil()
}

func replace(annotated any, fn reflect.Value) any {
	c := writable(annotated)
	c.FieldByName("Target").Set(fn)
	return c.Interface()
}

func locate(annotated any, at reflect.Value) any {
	c := writable(annotated)
	field := c.FieldByName("FuncPtr")
	if !field.IsValid() || field.Kind() != reflect.Uintptr {
		return annotated
	}
	field.SetUint(uint64(at.Pointer()))
	return c.Interface()
}

func writable(v any) reflect.Value {
	c := reflect.New(reflect.TypeOf(v)).Elem()
	c.Set(reflect.ValueOf(v))
	return c
}

// At returns what to give fx.Provide for constructor so that fx's messages point
// at the function at instead.
func At(constructor any, at reflect.Value) any {
	return locate(fx.Annotate(constructor), at)
}
