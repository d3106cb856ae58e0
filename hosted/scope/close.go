package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"

	"github.com/fxhost/fxhost/internal/safe"
)

// closer is a value that a scope has to close.
type closer struct {
	maker   *constructor
	value   any
	cleanup func(context.Context) error
	before  *closer // what was made before it
}

// own returns the closers of a scope after c has returned value: newest, and in
// front of it what c made.
func (c *constructor) own(value any, cleanup func(context.Context) error, newest *closer, inputs []Input) *closer {
	values, several := value.(results)
	if !several || cleanup != nil {
		values = results{value}
	}
	for i, value := range values {
		again := slices.ContainsFunc(values[:i], func(other any) bool { return same(value, other) })
		if cleanup != nil || closable(value) && !again && !c.returnedAnother(value, newest, inputs) {
			newest = &closer{c, value, cleanup, newest}
		}
	}
	return newest
}

// returnedAnother tells whether value is what somebody else made or gave, and c
// has only returned as an interface. It is not c's to close.
func (c *constructor) returnedAnother(value any, newest *closer, inputs []Input) bool {
	for _, n := range c.others {
		switch n.source {
		case fromFx:
			if same(n.value, value) {
				return true
			}
		case fromInput:
			if given, err := n.input(inputs); err == nil && same(given, value) {
				return true
			}
		default:
			for made := newest; made != nil; made = made.before {
				if same(made.value, value) {
					return true
				}
			}
		}
	}
	return false
}

// same tells whether both are the same pointer.
func same(a, b any) bool { return reflect.ValueOf(a).Kind() == reflect.Pointer && a == b }

// closable tells whether value has a method to close it, and is not nil.
func closable(value any) bool {
	switch value.(type) {
	case interface{ Close() error }, interface {
		Close(ctx context.Context) error
	}:
		v := reflect.ValueOf(value)
		return v.Kind() != reflect.Pointer || !v.IsNil()
	default:
		return false
	}
}

// Close closes the values of the scope, newest first. For each value it calls the
// cleanup function that the constructor returned. If there is none, it calls the
// value's method Close() error or Close(context.Context) error, unless the value is a
// nil pointer. An error or a panic does not keep the others from being closed; all
// errors are joined in that order. ctx is passed on; Close does not give up when it
// ends.
//
// Only the first call closes. Any other call returns nil at once, even while the first
// one is still running. If a cleanup function or Close method ended the goroutine of
// the first call (runtime.Goexit, as t.FailNow does), later calls return its error.
//
// If a constructor is running meanwhile, its value is closed as soon as it returns, and
// its caller gets [ErrClosed].
func (s *Scope) Close(ctx context.Context) error {
	c := s.core
	newest := c.closers.Swap(&c.graph.closed)
	if newest == &c.graph.closed {
		return c.exited()
	}
	if c.first.Load() != nil {
		c.first.Store(nil)
	}
	if newest == nil {
		return nil
	}
	return newest.closeAll(ctx, c)
}

// closeAll closes m and what was made before it. If a closer ends the goroutine, c
// remembers what nobody can be told, unless it is nil.
func (m *closer) closeAll(ctx context.Context, c *core) error {
	var errs []error
	returned := false
	defer func() {
		if !returned && c != nil {
			c.waits().exit(errors.Join(errs...))
		}
	}()
	m.closeInto(ctx, &errs)
	returned = true
	return errors.Join(errs...)
}

// closeInto adds the errors to errs.
func (m *closer) closeInto(ctx context.Context, errs *[]error) {
	defer func() {
		if m != nil { // its closer has ended the goroutine; this is run nevertheless
			*errs = append(*errs, fmt.Errorf("scope: close what %s made: %w", m.maker, safe.ErrExited))
			m.before.closeInto(ctx, errs)
		}
	}()
	for ; m != nil; m = m.before {
		if err := m.close(ctx); err != nil {
			*errs = append(*errs, err)
		}
	}
}

// close closes one value. A panic of it must not keep the others from being
// closed.
func (m *closer) close(ctx context.Context) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Constructor: m.maker.String(), Value: value, Stack: debug.Stack()}
		}
		if err != nil {
			err = fmt.Errorf("scope: close what %s made: %w", m.maker, err)
		}
	}()
	if m.cleanup != nil {
		return m.cleanup(ctx)
	}
	switch value := m.value.(type) {
	case interface{ Close() error }:
		return value.Close()
	case interface {
		Close(ctx context.Context) error
	}:
		return value.Close(ctx)
	}
	return nil
}
