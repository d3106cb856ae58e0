package scope

import (
	"context"
	"fmt"
	"reflect"
	"sync/atomic"
)

// Scope is one unit of work: a message, a request, one run of a job
// (.NET: IServiceScope). It constructs each scoped value once, when it is first
// needed, and closes its values. [Factory.New] opens a Scope, and its caller closes it.
//
// A Scope is safe for concurrent use. A constructor may take the *Scope and keep it.
//
// The *Scope that a constructor takes knows which constructor it was given to. If the
// constructor calls [Get] for a value that needs the constructor's own result, Get
// returns a [*CycleError]. This also works on another goroutine, and through a context
// of [NewContext]. It does not work if the *Scope reaches the constructor in another
// way, such as a global variable, a singleton or an input: such a Get waits forever.
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

// Context returns the context that the scope was opened with.
func (s *Scope) Context() context.Context { return s.core.ctx }

// Get returns the scope's T (.NET: GetRequiredService<T>). T is a scoped type, whose
// value is constructed if the scope has none yet; a transient type; a type that was
// passed by [With]; or a singleton that a scoped or transient constructor takes or
// that [Singleton] names.
//
// The error names the constructor that failed; the next Get calls it again. The error
// is [ErrClosed] after [Scope.Close], and a [*CycleError] if a constructor asks for a
// value that needs its own result.
//
// Get finds T in constant time. A repeated Get of a scoped value takes no lock.
func Get[T any](s *Scope) (T, error) {
	t := reflect.TypeFor[T]()
	n := s.core.graph.types.find(t)
	if n == nil {
		return as[T](s.named(key{t: t}))
	}
	return as[T](s.get(n))
}

// GetNamed is [Get] for a value with a name, as name tags of fx.In and fx.Out have it
// (.NET: GetRequiredKeyedService<T>).
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
	return fmt.Errorf("%w: %v is not available any more", ErrClosed, n.key)
}
