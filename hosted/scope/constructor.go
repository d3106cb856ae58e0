package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
)

// constructor makes values in a scope.
type constructor struct {
	name     string // of the function, with its package
	place    string
	category string                                  // of its loggers
	typed    func(s *Scope) (any, error)             // of Func, else nil
	direct   func(*constructor, *Scope) (any, error) // if reflection can be done without
	fn       reflect.Value                           // of all others
	out      func([]reflect.Value) outcome           // takes fn's results apart
	args     []*node
	passes   []*node                               // what it may return without having made it
	in       func([]reflect.Value) []reflect.Value // makes fn's parameters of the arguments
	closes   bool                                  // what it makes may have to be closed
	opaque   bool                                  // it is given the *Scope, or takes something whose constructor is
}

func (c *constructor) String() string { return fmt.Sprintf("%s (%s)", c.name, c.place) }

// outcome is what a constructor returned.
type outcome struct {
	value   any
	cleanup func(context.Context) error
	err     error
}

var errExited = errors.New("goroutine exited without returning (runtime.Goexit)")

// protect calls the constructor with arguments from s, and turns its panic into
// an error, because others may be waiting for what it makes in at, which is nil
// for a transient.
func (c *constructor) protect(s *Scope, at *slot) (value any, cleanup func(context.Context) error, err error) {
	err = errExited
	defer func() {
		if p := recover(); p != nil {
			value, cleanup, err = nil, nil, c.fail(&PanicError{Constructor: c.String(), Value: p, Stack: debug.Stack()})
		} else if err == errExited { //nolint:errorlint // it has not been replaced
			s.abandon(c, at)
		}
	}()
	if c.typed != nil {
		value, err = c.typed(s)
		if err != nil {
			return nil, nil, c.fail(err)
		}
		return value, nil, nil
	}
	if c.direct != nil {
		value, err = c.direct(c, s)
		return value, nil, err
	}
	return c.call(s)
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

// call is for constructors of any type.
func (c *constructor) call(s *Scope) (any, func(context.Context) error, error) {
	args := make([]reflect.Value, len(c.args))
	for i, n := range c.args {
		value, err := n.get(s)
		if err != nil {
			return nil, nil, err
		}
		args[i] = n.reflect(value)
	}
	if c.in != nil {
		args = c.in(args)
	}
	o := c.out(c.fn.Call(args))
	if o.err != nil {
		return nil, nil, c.fail(o.err)
	}
	return o.value, o.cleanup, nil
}
