package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
)

// constructor returns values for a scope.
type constructor struct {
	name       string // of the function, with its package
	place      string
	category   string                      // of its loggers
	typed      func(s *Scope) (any, error) // of Func, else nil
	fn         reflect.Value               // of all others
	function   any                         // fn
	direct     *signature                  // nil if fn has to be called by reflection
	out        func([]reflect.Value) outcome
	in         func([]reflect.Value) []reflect.Value // groups arguments into fn's parameters, nil if they are the same
	args       []*node
	others     []*node // whose value it may return instead of one of its own
	number     int
	makes      []*node // what it returns
	transients bool    // it takes transients
	replaces   bool    // it is one of Replace
	closes     bool    // these may have to be closed
	opaque     bool    // it is given the *Scope, or takes something whose constructor is
}

func (c *constructor) String() string { return fmt.Sprintf("%s (%s)", c.name, c.place) }

// outcome is what a constructor returned.
type outcome struct {
	value   any // results if there are several
	cleanup func(context.Context) error
	err     error
}

// results are those of a constructor that returns several values.
type results []any

// arguments are those of a call, direct or by reflection.
type arguments struct {
	words  words
	values []any // nil if the call is direct
}

func (a *arguments) set(i int, value *any) {
	if a.values == nil {
		a.words.set(i, value)
	} else {
		a.values[i] = *value
	}
}

// reflected are the arguments of a function whose parameters are nodes.
func (a *arguments) reflected(nodes []*node) []reflect.Value {
	values := make([]reflect.Value, len(nodes))
	for i, n := range nodes {
		values[i] = n.reflect(a.values[i])
	}
	return values
}

// call calls a constructor that is not typed.
func (c *constructor) call(args *arguments) (any, func(context.Context) error, error) {
	if c.direct != nil {
		value, err := c.direct.call(c.function, &args.words)
		if err != nil {
			return nil, nil, c.fail(err)
		}
		return value, nil, nil
	}
	values := args.reflected(c.args)
	if c.in != nil {
		values = c.in(values)
	}
	o := c.out(c.fn.Call(values))
	if o.err != nil {
		return nil, nil, c.fail(o.err)
	}
	return o.value, o.cleanup, nil
}

// fail says which constructor it was, once: the innermost.
func (c *constructor) fail(err error) error {
	var inner *constructorError
	if errors.As(err, &inner) || errors.Is(err, ErrClosed) {
		return err
	}
	return &constructorError{c, err}
}

// constructorError is the error that a constructor returned.
type constructorError struct {
	maker *constructor
	err   error
}

func (e *constructorError) Error() string { return fmt.Sprintf("scope: %s: %s", e.maker, bare(e.err)) }
func (e *constructorError) Unwrap() error { return e.err }
