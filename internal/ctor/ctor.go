// Package ctor prepares constructors for fx.
package ctor

import (
	"fmt"
	"log/slog"
	"reflect"

	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/category"
)

// Named returns an option that provides constructor, a function or an fx.Annotate
// of one that makes t, so that every *zap.Logger and *slog.Logger it takes is
// named.
//
// A function that takes a logger is wrapped on its own. An fx.Module with a
// decorator for each would need no wrapping, but its dig scope holds a copy of the
// whole graph, so that a thousand of them make the build quadratic. What
// fx.Annotate returns cannot be wrapped and gets such a module.
func Named(constructor any, t reflect.Type, name string) (fx.Option, error) {
	fn := reflect.ValueOf(constructor)
	switch {
	case fn.IsValid() && fn.Type() == reflect.TypeOf(fx.Annotate(nil)):
		return fx.Module(name, fx.Provide(constructor), Decorate(name)), nil
	case fn.Kind() != reflect.Func:
		return nil, fmt.Errorf("constructor is a %T, want a function that returns %v", constructor, t)
	case fn.IsNil():
		return nil, fmt.Errorf("constructor is a nil %v, want a function that returns %v", fn.Type(), t)
	case !makes(fn.Type(), t):
		return nil, fmt.Errorf("constructor %v does not return %v", fn.Type(), t)
	case !takesLogger(fn.Type()):
		return fx.Provide(constructor), nil
	}
	return fx.Provide(wrap(fn, name)), nil
}

// Takes returns the types that constructor, a function, takes, also in fx.In structs.
// Of the result of fx.Annotate they are not known.
func Takes(constructor any) []reflect.Type {
	fn := reflect.TypeOf(constructor)
	if fn == nil || fn.Kind() != reflect.Func {
		return nil
	}
	var types []reflect.Type
	for in := range fn.Ins() {
		types = takes(types, in)
	}
	return types
}

func takes(types []reflect.Type, in reflect.Type) []reflect.Type {
	if !dig.IsIn(in) {
		return append(types, in)
	}
	for field := range in.Fields() {
		if field.IsExported() && !field.Anonymous {
			types = takes(types, field.Type)
		}
	}
	return types
}

// Decorate names the loggers of an fx.Module. They are optional, because those
// that a constructor takes may be.
func Decorate(name string) fx.Option {
	return fx.Decorate(
		func(in struct {
			fx.In

			Log *zap.Logger `optional:"true"`
		},
		) *zap.Logger {
			return namedZap(in.Log, name)
		},
		func(in struct {
			fx.In

			Log *slog.Logger `optional:"true"`
		},
		) *slog.Logger {
			return namedSlog(in.Log, name)
		},
	)
}

// wrap returns a function that takes what fn takes, calls it with the loggers
// named, and returns what it returns. fx's messages name package reflect instead
// of fn, so that an error of fn is wrapped to name it.
func wrap(fn reflect.Value, name string) any {
	of := fn.Type()
	call := fn.Call
	if of.IsVariadic() {
		call = fn.CallSlice
	}
	return reflect.MakeFunc(of, func(args []reflect.Value) []reflect.Value {
		for i, arg := range args {
			args[i] = rename(arg, name)
		}
		results := call(args)
		last := &results[len(results)-1]
		if err, failed := reflect.TypeAssert[error](*last); failed && last.Type() == reflect.TypeFor[error]() {
			*last = reflect.ValueOf(&Error{caller.Function(fn), err}).Convert(last.Type())
		}
		return results
	}).Interface()
}

// Error is what a wrapped constructor failed with.
type Error struct {
	Constructor string // its name and place
	Err         error
}

func (e *Error) Error() string { return e.Constructor + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// makes tells whether a constructor returns t, by itself or in an fx.Out.
func makes(fn, t reflect.Type) bool {
	for out := range fn.Outs() {
		if out == t || dig.IsOut(out) {
			return true
		}
	}
	return false
}

func takesLogger(fn reflect.Type) bool {
	for in := range fn.Ins() {
		if isLogger(in) || dig.IsIn(in) && hasLogger(in) {
			return true
		}
	}
	return false
}

func hasLogger(in reflect.Type) bool {
	for field := range in.Fields() {
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
	switch log := arg.Interface().(type) {
	case *zap.Logger:
		return reflect.ValueOf(namedZap(log, name))
	case *slog.Logger:
		return reflect.ValueOf(namedSlog(log, name))
	}
	if !dig.IsIn(arg.Type()) {
		return arg
	}
	in := reflect.New(arg.Type()).Elem()
	in.Set(arg)
	for _, field := range in.Fields() {
		if field.CanSet() {
			field.Set(rename(field, name))
		}
	}
	return in
}

func namedZap(log *zap.Logger, name string) *zap.Logger {
	if log == nil {
		return nil
	}
	return category.Named(log, name)
}

func namedSlog(log *slog.Logger, name string) *slog.Logger {
	if log == nil {
		return nil
	}
	return category.NamedSlog(log, name)
}
