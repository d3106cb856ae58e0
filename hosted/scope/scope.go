package scope

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
)

// Scope is one unit of work: a message, a request, one run of a job
// (.NET: IServiceScope). It makes each scoped value once, when it is first
// asked for, and closes what it made. [Factory.New] opens one; whoever does
// closes it.
//
// It is safe for concurrent use. A constructor may take the *Scope, and keep
// it.
type Scope struct {
	core   *core
	maker  *constructor // that was given this view of the scope, nil for the scope itself
	parent *Scope       // the view that maker was asked for by
	over   atomic.Bool  // maker is transient and has returned, or it has failed
}

// core is what all views of one scope share.
type core struct {
	root   Scope // the view that Factory.New returns
	graph  *graph
	ctx    context.Context //nolint:containedctx // of the unit of work: constructors ask for it
	inputs *[]Input        // nil if there are none

	first   atomic.Pointer[chunk]  // the slots, nil before the first Get
	closers atomic.Pointer[closer] // the newest; when the scope is closed, graph.closed

	mu      sync.Mutex
	waiting *waiting // nil as long as nobody had to wait
}

func (c *core) closed() bool { return c.closers.Load() == &c.graph.closed }

// slot holds what one scoped constructor has made.
type slot struct {
	state atomic.Uint32
	value any // read it when state is done
}

const (
	empty    uint32 = iota
	building        // by one goroutine
	awaited         // by one goroutine, and others wait for it
	done
	gone // the scope is closed
)

// chunk is a piece of the list of slots; a scope allocates those it needs.
type chunk struct {
	slots [chunkSize]slot
	views atomic.Pointer[[chunkSize]Scope]        // for the constructors of the slots, if one asks for the *Scope
	more  atomic.Pointer[[]atomic.Pointer[chunk]] // the chunks behind the first, which has this list
}

const chunkSize = 4

// view returns a view of s for the constructor of slot i. Few constructors
// fail, so that one which is called again does not get the same.
func (piece *chunk) view(i int, s *Scope, maker *constructor) *Scope {
	views := piece.views.Load()
	if views == nil {
		views = &[chunkSize]Scope{}
		if !piece.views.CompareAndSwap(nil, views) {
			views = piece.views.Load()
		}
	}
	view := &views[i]
	if view.core != nil {
		view = &Scope{}
	}
	view.core, view.maker, view.parent = s.core, maker, s
	return view
}

// slotAt returns the chunk of the slot with number i, and its place in it.
func (c *core) slotAt(i int) (*chunk, int) {
	piece := loadOrNew(&c.first)
	if i < chunkSize {
		return piece, i
	}
	more := piece.more.Load()
	if more == nil {
		list := make([]atomic.Pointer[chunk], c.graph.chunks-1)
		if more = &list; !piece.more.CompareAndSwap(nil, more) {
			more = piece.more.Load()
		}
	}
	return loadOrNew(&(*more)[i/chunkSize-1]), i % chunkSize
}

func loadOrNew(at *atomic.Pointer[chunk]) *chunk {
	piece := at.Load()
	if piece == nil {
		if piece = new(chunk); !at.CompareAndSwap(nil, piece) {
			piece = at.Load()
		}
	}
	return piece
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
// up to four pointers as parameters and makes a pointer, and maybe an error.
// A repeated Get allocates nothing, nor does one of a singleton or of what With
// gave.
func Get[T any](s *Scope) (T, error) {
	t := reflect.TypeFor[T]()
	n := s.core.graph.types.find(idOf(t))
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
	if s.core.closed() {
		return nil, over(n)
	}
	return n.get(s)
}

func over(n *node) error { return fmt.Errorf("%w: %v cannot be had any more", ErrClosed, n.key) }

// get returns n's value in the scope of which s is a view.
func (n *node) get(s *Scope) (any, error) {
	switch n.source {
	case fromFx:
		return n.value, nil
	case fromScoped:
		return s.scoped(n)
	case fromTransient:
		return s.transient(n)
	case fromInput:
		return s.core.input(n)
	case fromContext:
		return s.core.ctx, nil
	default: // fromScope
		return s, nil
	}
}

// scoped returns the one value of n.
func (s *Scope) scoped(n *node) (any, error) {
	piece, i := s.core.slotAt(n.slot)
	at := &piece.slots[i]
	for {
		switch at.state.Load() {
		case done:
			return n.pick(at.value), nil
		case empty:
			if !at.state.CompareAndSwap(empty, building) {
				continue
			}
			view := s
			if n.maker.opaque {
				view = piece.view(i, s, n.maker)
			}
			value, err := view.build(n.maker, at)
			if err != nil {
				view.abandon(n.maker, at)
				return nil, err
			}
			at.value = value
			s.core.finish(at, done)
			return n.pick(value), nil
		case gone:
			return nil, over(n)
		default:
			if err := s.wait(n.maker, at); err != nil {
				return nil, err
			}
			if s.core.closed() {
				return nil, over(n) // the slot may be empty again
			}
		}
	}
}

// transient makes a new value of n.
func (s *Scope) transient(n *node) (any, error) {
	for view := s; view.maker != nil; view = view.parent {
		if view.maker == n.maker && !view.over.Load() {
			return nil, cycle(s.running(), []*constructor{n.maker})
		}
	}
	view := s
	if n.maker.opaque {
		view = &Scope{core: s.core, maker: n.maker, parent: s}
		defer view.over.Store(true)
	}
	value, err := view.build(n.maker, nil)
	if err != nil {
		return nil, err
	}
	return n.pick(value), nil
}

// build calls the constructor with this view, and sees to it that what it makes
// is closed.
func (s *Scope) build(maker *constructor, at *slot) (any, error) {
	value, cleanup, err := maker.protect(s, at)
	if err == nil && (maker.closes || cleanup != nil) {
		err = s.core.own(maker, value, cleanup)
	}
	return value, err
}

// abandon has maker, which was given this view, made nothing in at.
func (s *Scope) abandon(maker *constructor, at *slot) {
	if s.maker == maker {
		s.over.Store(true)
	}
	if at != nil {
		s.core.finish(at, empty)
	}
}

// finish leaves the state building, and wakes those who wait for that.
func (c *core) finish(s *slot, state uint32) {
	if s.state.CompareAndSwap(building, state) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s.state.Store(state)
	c.waiting.woken.Broadcast()
}

// input returns what With gave.
func (c *core) input(n *node) (any, error) {
	if c.inputs != nil {
		for _, input := range *c.inputs {
			if input.t == n.key.t {
				return input.value, nil
			}
		}
	}
	return nil, fmt.Errorf("scope: this scope was given no %v: open it with scope.With(value)", n.key)
}
