package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
)

// Scope is one unit of work: a message, a request, one run of a job
// (.NET: IServiceScope). It makes each scoped value once, when it is first
// asked for, and closes what it made. [Factory.New] opens one; whoever does
// closes it.
//
// It is safe for concurrent use. A constructor may take the *Scope, and keep it.
//
// What a constructor is given is its own view of the scope: the scope knows by it
// on whose behalf it is asked, and returns a [*CycleError] instead of waiting for
// a value that is needed to make itself. So does a view that [NewContext] carries,
// on any goroutine. A *Scope that reaches a constructor in another way, through a
// global variable, a singleton or an input, asks on nobody's behalf: asked for
// what is being made for it, it waits forever.
type Scope struct {
	core   *core
	maker  *constructor // that was given this view of the scope, nil for the scope itself
	parent *Scope       // the view that maker was asked for by
	state  atomic.Uint32
}

// The states of a view.
const (
	running uint32 = iota // maker is, or has returned
	asking                // for arguments of maker
	over                  // maker is transient and has returned, or it has failed
)

// core is what all views of one scope share.
type core struct {
	root   Scope // the view that Factory.New returns
	graph  *graph
	ctx    context.Context //nolint:containedctx // of the unit of work: constructors ask for it
	inputs *[]Input        // nil if there are none

	first   atomic.Pointer[chunk]  // the slots, nil before the first Get
	closers atomic.Pointer[closer] // the newest; when the scope is closed, graph.closed
	waiting atomic.Pointer[waiting]
}

func (c *core) given() []Input {
	if c.inputs == nil {
		return nil
	}
	return *c.inputs
}

func (c *core) closed() bool { return c.closers.Load() == &c.graph.closed }

// chunk is a piece of the list of slots. A slot holds what one scoped constructor
// has made. A scope allocates the chunks that it needs.
type chunk struct {
	states [chunkSize]atomic.Uint32
	values [chunkSize]any                          // read one when its state is done
	views  *[chunkSize]Scope                       // for typed constructors, nil if none has a slot here
	more   atomic.Pointer[[]atomic.Pointer[chunk]] // the chunks behind the first, which has this list
}

const chunkSize = 4

// The states of a slot.
const (
	empty    uint32 = iota
	building        // by one goroutine, which has the arguments
	awaited         // by one goroutine, and others wait for it
	done
)

// chunkOf returns the chunk of the slot with number i, and its place in it.
func (c *core) chunkOf(i int) (*chunk, int) {
	piece := c.first.Load()
	if piece == nil {
		piece = c.graph.newChunk(0, &c.first)
	}
	if i < chunkSize {
		return piece, i
	}
	more := piece.more.Load()
	if more == nil {
		list := make([]atomic.Pointer[chunk], len(c.graph.typed)-1)
		if more = &list; !piece.more.CompareAndSwap(nil, more) {
			more = piece.more.Load()
		}
	}
	number := i / chunkSize
	at := &(*more)[number-1]
	if piece = at.Load(); piece == nil {
		piece = c.graph.newChunk(number, at)
	}
	return piece, i % chunkSize
}

// newChunk puts a chunk in place, unless somebody else has done so.
func (g *graph) newChunk(number int, at *atomic.Pointer[chunk]) *chunk {
	var piece *chunk
	if g.typed[number] {
		both := &struct {
			chunk
			views [chunkSize]Scope
		}{}
		piece, both.chunk.views = &both.chunk, &both.views
	} else {
		piece = &chunk{}
	}
	if at.CompareAndSwap(nil, piece) {
		return piece
	}
	return at.Load()
}

// Context is the one that the scope was opened with. It takes constant time and
// allocates nothing.
func (s *Scope) Context() context.Context { return s.core.ctx }

// Get returns the scope's T: a scoped value, made now if it was not before; a
// new transient one; a value that was given by [With]; or a singleton that a
// constructor of the graph takes or [Singleton] names
// (.NET: GetRequiredService<T>).
//
// The error says which constructor has failed. It is [ErrClosed] after Close,
// and a [*CycleError] if a constructor that was given the *Scope asks for what
// it is needed for. A failed constructor is called again by the next Get.
//
// Get takes a lookup by type in constant time. The first time, it also calls the
// constructors that T needs, and allocates once for every four places of scoped
// values that the scope had not come to yet, once for each value that is to be
// closed, and what the call of a constructor by reflection takes: none if it has
// up to four pointers as parameters and returns a pointer, and maybe an error.
// A repeated Get allocates nothing, nor does one of a singleton or of what With
// gave.
func Get[T any](s *Scope) (T, error) {
	t := reflect.TypeFor[T]()
	n := s.core.graph.types.find(t)
	if n == nil {
		return as[T](s.named(key{t: t}))
	}
	return as[T](s.get(n))
}

// GetNamed is Get for a value with a name, as fx.In and fx.Out have them
// (.NET: GetRequiredKeyedService<T>). The lookup is one in a map.
func GetNamed[T any](s *Scope, name string) (T, error) {
	return as[T](s.named(key{reflect.TypeFor[T](), name}))
}

func as[T any](value any, err error) (T, error) {
	typed, _ := value.(T) // a nil interface stays nil
	return typed, err
}

func (s *Scope) named(k key) (any, error) {
	n, err := s.core.graph.find(k)
	if err != nil {
		return nil, err
	}
	return s.get(n)
}

// get is for callers from outside, who may come after Close.
func (s *Scope) get(n *node) (any, error) {
	if n.source == fromScoped && n.slot < chunkSize && !s.core.closed() {
		if piece := s.core.first.Load(); piece != nil && piece.states[n.slot].Load() == done {
			return n.pick(piece.values[n.slot]), nil
		}
	}
	return s.ask(n)
}

func (s *Scope) ask(n *node) (value any, err error) {
	if s.core.closed() {
		return nil, n.afterClose()
	}
	c := call{view: s}
	defer c.end(&err)
	return s.value(n, &c)
}

func (n *node) afterClose() error {
	return fmt.Errorf("%w: %v cannot be had any more", ErrClosed, n.key)
}

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

// view returns a view of s for the typed constructor of slot i, which nobody else
// is calling. Few constructors fail, so one that is called again gets another one.
func (piece *chunk) view(i int, s *Scope, maker *constructor) *Scope {
	view := &piece.views[i]
	if view.core != nil {
		view = &Scope{}
	}
	view.core, view.maker, view.parent = s.core, maker, s
	return view
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

// finish has a slot leave the state building, and wakes those who wait for that.
func (c *core) finish(slot *atomic.Uint32, state uint32) {
	if !slot.CompareAndSwap(building, state) {
		c.waiting.Load().finish(slot, state)
	}
}
