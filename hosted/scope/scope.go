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
	core *core
	slot *slot // what is being built with this view of the scope, nil for the scope itself
}

// core is what all views of one scope share.
type core struct {
	root   Scope // the view that Factory.New returns
	graph  *graph
	ctx    context.Context //nolint:containedctx // of the unit of work: constructors ask for it
	inputs []Input

	first atomic.Pointer[chunk] // the slots, nil before the first Get
	state atomic.Uint32         // open or closed

	mu      sync.Mutex
	closers []closer // in the order of creation
	waiting *waiting // nil as long as nobody had to wait
}

const (
	open uint32 = iota
	closed
)

// slot holds what one scoped constructor has made.
type slot struct {
	state  atomic.Uint32
	maker  *constructor // that builds here, set before state leaves empty
	view   Scope        // what the constructor is given
	parent *slot        // that the constructor was called for
	value  any          // read it when state is done
}

const (
	empty    uint32 = iota
	building        // by one goroutine
	awaited         // by one goroutine, and others wait for it
	done
)

// chunk is a piece of the list of slots; a scope allocates those it needs.
type chunk struct {
	slots [4]slot
	next  atomic.Pointer[chunk]
}

// slotAt returns the slot with number i.
func (c *core) slotAt(i int) *slot {
	at := &c.first
	for {
		piece := at.Load()
		if piece == nil {
			piece = c.newChunk()
			if !at.CompareAndSwap(nil, piece) {
				piece = at.Load()
			}
		}
		if i < len(piece.slots) {
			return &piece.slots[i]
		}
		i -= len(piece.slots)
		at = &piece.next
	}
}

func (c *core) newChunk() *chunk {
	piece := &chunk{}
	for i := range piece.slots {
		piece.slots[i].view = Scope{core: c, slot: &piece.slots[i]}
	}
	return piece
}

// Context is the one that the scope was opened with.
func (s *Scope) Context() context.Context { return s.core.ctx }

// Get returns the scope's T: a scoped value, made now if it was not before; a
// new transient one; a value that was given by [With]; or a singleton that a
// constructor of the graph takes or [Singleton] names
// (.NET: GetRequiredService<T>).
//
// The error says which constructor has failed and what it was needed for. It
// is [ErrClosed] after Close, and a [*CycleError] if a constructor that was
// given the *Scope asks for what it is needed for. A failed constructor is
// called again by the next Get.
//
// A repeated Get costs one lookup in a map, and allocates nothing.
func Get[T any](s *Scope) (T, error) {
	return named[T](s, "")
}

// GetNamed is Get for a value with a name, as fx.In and fx.Out have them
// (.NET: GetRequiredKeyedService<T>).
func GetNamed[T any](s *Scope, name string) (T, error) {
	return named[T](s, name)
}

func named[T any](s *Scope, name string) (T, error) {
	value, err := s.get(key{reflect.TypeFor[T](), name})
	if err != nil {
		var none T
		return none, err
	}
	typed, _ := value.(T) // a nil interface stays nil
	return typed, nil
}

func (s *Scope) get(k key) (any, error) {
	c := s.core
	if c.state.Load() == closed {
		return nil, fmt.Errorf("%w: %v cannot be had any more", ErrClosed, k)
	}
	n, err := c.graph.find(k)
	if err != nil {
		return nil, err
	}
	return n.get(s)
}

// get returns n's value in the scope of which s is a view.
func (n *node) get(s *Scope) (any, error) {
	switch n.source {
	case fromFx:
		return n.value, nil
	case fromScoped:
		return s.core.scoped(n, s.slot)
	case fromTransient:
		return s.core.transient(n, s.slot)
	case fromInput:
		return s.core.input(n)
	case fromContext:
		return s.core.ctx, nil
	default: // fromScope
		return s, nil
	}
}

// scoped returns the one value of n, for parent.
func (c *core) scoped(n *node, parent *slot) (any, error) {
	s := c.slotAt(n.slot)
	for {
		switch s.state.Load() {
		case done:
			return n.pick(s.value), nil
		case empty:
			if s.state.CompareAndSwap(empty, building) {
				value, err := c.build(n.maker, s, parent)
				if err != nil {
					return nil, err
				}
				return n.pick(value), nil
			}
		default:
			if err := c.wait(n.maker, s, parent); err != nil {
				return nil, err
			}
		}
	}
}

// transient makes a new value of n, for parent.
func (c *core) transient(n *node, parent *slot) (any, error) {
	for p := parent; p != nil; p = p.parent {
		if p.maker == n.maker && p.state.Load() != done {
			return nil, cycle(n.maker, parent)
		}
	}
	s := &slot{}
	s.view = Scope{core: c, slot: s}
	s.state.Store(building)
	value, err := c.build(n.maker, s, parent)
	if err != nil {
		return nil, err
	}
	return n.pick(value), nil
}

// build calls the constructor. The caller has claimed s.
func (c *core) build(maker *constructor, s, parent *slot) (any, error) {
	s.maker, s.parent = maker, parent
	value, cleanup, err := maker.protect(&s.view)
	if err == nil && (maker.closes || cleanup != nil) {
		err = c.own(maker, value, cleanup)
	}
	if err != nil {
		c.finish(s, empty)
		return nil, err
	}
	s.value = value
	c.finish(s, done)
	return value, nil
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
	for i := range c.inputs {
		if c.inputs[i].t == n.key.t {
			return c.inputs[i].value, nil
		}
	}
	return nil, fmt.Errorf("scope: this scope was given no %v: open it with scope.With(value)", n.key)
}
