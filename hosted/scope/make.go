package scope

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// call is the constructor that a Get is calling. There is one at a time, because
// arguments are made before the value that needs them is claimed; transients, which
// are made after that, have a call of their own.
type call struct {
	view    *Scope         // of the constructor if it has one, else any
	state   *atomic.Uint32 // of its slot, nil if it is transient
	running int            // its number, 0 if it has returned; a pointer would need a write barrier
}

// end is deferred. It turns a panic of the constructor into an error, because
// others may be waiting for what it makes. If the goroutine ends
// (runtime.Goexit), they try themselves.
func (c *call) end(err *error) {
	if c.running == 0 {
		return
	}
	if value := recover(); value != nil {
		*err = c.view.core.graph.makers[c.running].panicked(value)
	}
	c.failed()
}

// failed has the constructor made nothing.
func (c *call) failed() {
	maker := c.view.core.graph.makers[c.running]
	c.running = 0
	c.view.release(maker)
	if c.state != nil {
		c.view.core.finish(c.state, empty)
	}
}

// value returns n's value in the scope of which s is a view.
func (s *Scope) value(n *node, c *call) (any, error) {
	switch n.source {
	case fromFx:
		return n.value, nil
	case fromScoped, fromTransient:
		return s.made(n, c)
	case fromScope:
		return s, nil
	case fromContext:
		return s.core.ctx, nil
	default: // fromInput
		return n.input(s.core.given())
	}
}

// made returns the one value of n, or a new one if n is transient.
func (s *Scope) made(n *node, c *call) (value any, err error) {
	var (
		maker = n.maker
		piece *chunk
		i     int
		state *atomic.Uint32
		view  = s
	)
	if n.source == fromScoped {
		piece, i = s.core.chunkOf(n.slot)
		state = &piece.states[i]
		for now := state.Load(); now != empty; now = state.Load() {
			if now == done {
				return n.pick(piece.values[i]), nil
			}
			if err := s.wait(maker, state); err != nil {
				return nil, err
			}
		}
		if s.core.closed() {
			return nil, n.afterClose()
		}
	} else if s.onBehalfOf(maker) {
		return nil, cycle(s.chain(), []*constructor{maker})
	}
	if maker.opaque && (maker.typed == nil || state == nil) {
		view = &Scope{core: s.core, maker: maker, parent: s}
		view.state.Store(asking)
	}
	var args arguments
	late := maker.transients && state != nil
	if late {
		err = view.prepare(maker, c)
	} else {
		err = view.arguments(&args, maker, c)
	}
	if err != nil {
		view.release(maker)
		return nil, err
	}
	if state != nil && !state.CompareAndSwap(empty, building) {
		view.release(maker)
		return s.made(n, c)
	}
	if state != nil && s.core.closed() { // it may have been made and closed meanwhile
		view.release(maker)
		s.core.finish(state, empty)
		return nil, n.afterClose()
	}
	if view != s {
		view.state.Store(running)
	} else if maker.typed != nil {
		view = piece.view(i, s, maker)
	}
	if view != s {
		c.view = view
	}
	c.state, c.running = state, maker.number
	if late {
		if err := view.lateArguments(&args, maker); err != nil {
			c.failed()
			return nil, err
		}
	}
	var cleanup func(context.Context) error
	if maker.typed == nil {
		value, cleanup, err = maker.call(&args)
	} else if value, err = maker.typed(view); err != nil {
		err = maker.fail(err)
	}
	if err == nil && (maker.closes || cleanup != nil) {
		err = s.core.own(maker, value, cleanup)
	}
	if err != nil {
		c.failed()
		return nil, err
	}
	c.running = 0
	if state == nil {
		view.release(maker)
	} else {
		piece.values[i] = value
		s.core.finish(state, done)
	}
	return n.pick(value), nil
}

// prepare makes the scoped values that maker needs, also by way of transients.
func (s *Scope) prepare(maker *constructor, c *call) error {
	for _, n := range maker.args {
		var err error
		switch n.source {
		case fromScoped:
			_, err = s.value(n, c)
		case fromTransient:
			view := &Scope{core: s.core, maker: n.maker, parent: s}
			view.state.Store(asking)
			err = view.prepare(n.maker, c)
			view.release(n.maker)
		default: // needs no constructor
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// lateArguments is arguments for a maker that has been claimed, because it takes
// transients: one that has none to give them to would make them for nothing.
func (s *Scope) lateArguments(args *arguments, maker *constructor) (err error) {
	c := call{view: s}
	defer c.end(&err)
	return s.arguments(args, maker, &c)
}

// arguments makes what maker takes.
func (s *Scope) arguments(args *arguments, maker *constructor, c *call) error {
	if maker.direct == nil {
		args.values = make([]any, len(maker.args))
	}
	for i, n := range maker.args {
		arg, err := s.value(n, c)
		if err != nil {
			return err
		}
		args.set(i, &arg)
	}
	return nil
}

// release says that nobody asks on behalf of maker any more, if s is its view.
func (s *Scope) release(maker *constructor) {
	if s.maker == maker {
		s.state.Store(over)
	}
}

// own notes what is to be closed with the scope. If that has been closed
// meanwhile, it is closed at once.
func (c *core) own(maker *constructor, value any, cleanup func(context.Context) error) error {
	for {
		newest := c.closers.Load()
		if newest == &c.graph.closed {
			return errors.Join(fmt.Errorf("%w while %s was running", ErrClosed, maker),
				maker.own(value, cleanup, nil, c.given()).closeAll(context.WithoutCancel(c.ctx), c))
		}
		owned := maker.own(value, cleanup, newest, c.given())
		if owned == newest || c.closers.CompareAndSwap(newest, owned) {
			return nil
		}
	}
}
