package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
)

// closer is something that the scope made and has to close.
type closer struct {
	maker   *constructor
	value   any
	cleanup func(context.Context) error
	before  *closer // what was made before it
}

// own notes that value is to be closed with the scope. If that has been closed
// meanwhile, it is closed at once.
func (c *core) own(maker *constructor, value any, cleanup func(context.Context) error) error {
	if several, ok := value.(results); ok && cleanup == nil {
		return c.ownAll(maker, several)
	}
	if cleanup == nil && c.passedOn(maker, value) {
		return nil
	}
	made := &closer{maker: maker, value: value, cleanup: cleanup}
	if !made.matters() {
		return nil
	}
	for {
		newest := c.closers.Load()
		if newest == &c.graph.closed {
			return errors.Join(
				fmt.Errorf("%w while %s was running", ErrClosed, maker), made.close(context.WithoutCancel(c.ctx)))
		}
		made.before = newest
		if c.closers.CompareAndSwap(newest, made) {
			return nil
		}
	}
}

// ownAll is own for each of several results, once if they are the same pointer.
func (c *core) ownAll(maker *constructor, several results) error {
	var errs []error
	for i, value := range several {
		if !slices.ContainsFunc(several[:i], func(other any) bool { return same(value, other) }) {
			errs = append(errs, c.own(maker, value, nil))
		}
	}
	return errors.Join(errs...)
}

// passedOn tells whether value is what somebody else has made or given, and
// maker has only returned as an interface. It is not maker's to close.
func (c *core) passedOn(maker *constructor, value any) bool {
	for _, n := range maker.passes {
		switch n.source {
		case fromFx:
			if same(n.value, value) {
				return true
			}
		case fromInput:
			if given, err := c.input(n); err == nil && same(given, value) {
				return true
			}
		default:
			for made := c.closers.Load(); made != nil; made = made.before {
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

// Close closes what the scope has made, newest first: it calls the cleanup that
// the constructor returned, or else a method Close() error or
// Close(context.Context) error of the value, unless that is a nil pointer. It
// visits all of them, also after an error or a panic, and joins the errors in
// that order. ctx is for the closers; Close itself does not give up when it ends.
// It takes a step for each of them, and allocates for errors only.
//
// The first call closes. Every other one returns nil at once, also while the
// first one is going on. A constructor that is running then has its value closed
// as soon as it returns; its caller gets [ErrClosed].
func (s *Scope) Close(ctx context.Context) error {
	c := s.core
	made := c.closers.Swap(&c.graph.closed)
	if made == &c.graph.closed {
		return nil
	}
	if c.first.Load() != nil {
		c.first.Store(&c.graph.gone)
	}
	var errs []error
	for ; made != nil; made = made.before {
		if err := made.close(ctx); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (m *closer) matters() bool {
	if m.cleanup != nil {
		return true
	}
	switch m.value.(type) {
	case interface{ Close() error }, interface {
		Close(ctx context.Context) error
	}:
		v := reflect.ValueOf(m.value)
		return v.Kind() != reflect.Pointer || !v.IsNil()
	default:
		return false
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
