package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
)

// Factory opens scopes (.NET: IServiceScopeFactory). It is injectable as
// *Factory, also into singletons that scoped constructors take. Safe for
// concurrent use.
type Factory struct {
	graph atomic.Pointer[graph] // nil until the application is built
	runs  sync.Map              // of Run: function type to []*node
}

// Input is a value from outside for one scope; see [With].
type Input struct {
	t     reflect.Type
	value any
}

// With gives a scope its T: the message, the request, the tenant. T must have
// been declared by [Value]. The scope does not close it. Of two that are given to
// one scope, the first counts. It allocates if T is not
// a pointer, as any conversion to an interface does.
func With[T any](value T) Input { return Input{reflect.TypeFor[T](), value} }

// New opens a scope. ctx is the context.Context that its constructors can
// take; its end does not close the scope. Whoever opens a scope closes it.
//
// It takes constant time and allocates once; inputs take a lookup in a map each,
// and two allocations together. A mistake, such as a Factory that is used in a constructor
// of a singleton or an input that nobody declared, is the error of every Get.
func (f *Factory) New(ctx context.Context, inputs ...Input) *Scope {
	c := &core{graph: f.graph.Load(), ctx: ctx}
	c.root.core = c
	if len(inputs) > 0 {
		kept := inputs // so that the parameter stays on the stack
		c.inputs = &kept
	}
	if c.graph == nil || c.inputs != nil {
		c.check()
	}
	return &c.root
}

// check has every Get fail if the scope cannot be used.
func (c *core) check() {
	if c.graph == nil {
		c.graph = &graph{broken: errors.New("scope: the application is not built yet: " +
			"open scopes in methods, not in constructors, and have scope.Module() in the options of fx.New")}
		return
	}
	for _, input := range *c.inputs {
		if n := c.graph.nodes[key{t: input.t}]; n == nil || n.source != fromInput {
			c.graph = &graph{broken: fmt.Errorf("scope: With gave a %v, which was not declared: "+
				"add scope.Value[%v]() to the options", input.t, input.t)}
			return
		}
	}
}

// Run opens a scope, calls fn with its arguments from it, and closes it. fn is a
// function of any values that [Get] could return; it may return an error. Run
// returns that, joined with the error of Close. A panic of fn goes on when the
// scope has been closed; the error of Close is lost then.
//
// The closers get a context that has the values of ctx and does not end with
// it. The first Run with a type of function looks up its parameters; after that
// Run costs a New, a step and a Get for each parameter, a Close, and one
// allocation, or up to five if fn takes or returns something: it is called by
// reflection.
func (f *Factory) Run(ctx context.Context, fn any, inputs ...Input) (err error) {
	s := f.New(ctx, inputs...)
	defer func() { err = errors.Join(err, s.Close(context.WithoutCancel(ctx))) }()
	call := reflect.ValueOf(fn)
	params, err := f.params(s.core.graph, call)
	if err != nil {
		return err
	}
	args := make([]reflect.Value, len(params))
	for i, n := range params {
		value, err := n.get(s) //nolint:contextcheck // s has ctx
		if err != nil {
			return err
		}
		args[i] = n.reflect(value)
	}
	if results := call.Call(args); len(results) == 1 {
		err, _ = reflect.TypeAssert[error](results[0])
	}
	return err
}

func (f *Factory) params(g *graph, fn reflect.Value) ([]*node, error) {
	if g.broken != nil {
		return nil, g.broken
	}
	if fn.Kind() != reflect.Func {
		return nil, fmt.Errorf("scope: Run takes a function, not %v", fn)
	}
	if fn.IsNil() {
		return nil, fmt.Errorf("scope: Run takes a function, not a nil %v", fn.Type())
	}
	t := fn.Type()
	if known, ok := f.runs.Load(t); ok {
		return known.([]*node), nil //nolint:forcetypeassert // nothing else is stored
	}
	if t.NumOut() > 1 || t.NumOut() == 1 && t.Out(0) != reflect.TypeFor[error]() || t.IsVariadic() {
		return nil, fmt.Errorf("scope: Run takes a function that returns nothing or an error, not %v", t)
	}
	params := make([]*node, t.NumIn())
	for i := range params {
		n, err := g.find(key{t: t.In(i)})
		if err != nil {
			return nil, fmt.Errorf("scope: Run %v: %s", t, bare(err))
		}
		params[i] = n
	}
	f.runs.Store(t, params)
	return params, nil
}
