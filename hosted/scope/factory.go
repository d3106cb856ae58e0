package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
)

// Factory opens scopes (.NET: IServiceScopeFactory). [Module] provides a *Factory,
// which any singleton can take, even one that scoped constructors take. It is safe
// for concurrent use.
type Factory struct {
	graph atomic.Pointer[graph] // nil until the application is built
}

// Input is a value from outside for one scope; see [With].
type Input struct {
	t     reflect.Type
	value any
}

// With passes a T to a scope, such as the message, the request or the tenant. T must
// be declared by [Value]. The scope does not close it. If two are passed, the first
// one is used.
func With[T any](value T) Input { return Input{reflect.TypeFor[T](), value} }

// New opens a scope, which the caller must close. ctx is the context.Context that
// constructors can take; the scope stays open when ctx ends.
//
// A mistake is returned by every [Get] of the scope: the Factory is used in a
// constructor of a singleton, or an input is not declared.
func (f *Factory) New(ctx context.Context, inputs ...Input) *Scope {
	c := &core{graph: f.graph.Load(), ctx: ctx}
	c.root.core = c
	if len(inputs) > 0 {
		kept := inputs // so that the parameter stays on the stack
		c.inputs = &kept
	}
	if c.graph == nil {
		c.graph = &graph{types: newLookup(nil), broken: errNotBuilt}
	} else if err := c.graph.declared(inputs); err != nil {
		c.graph = &graph{types: newLookup(nil), broken: err}
	}
	return &c.root
}

var errNotBuilt = errors.New("scope: the application is not built yet: " +
	"open scopes in methods, not in constructors, and have scope.Module() in the options of fx.New")

// declared returns an error if there is an input that scopes cannot be given.
func (g *graph) declared(inputs []Input) error {
	for i := range inputs {
		if n := g.types.find(inputs[i].t); n == nil || n.source != fromInput {
			return fmt.Errorf("scope: With gave a %v, which was not declared: "+
				"add scope.Value[%v]() to the options", inputs[i].t, inputs[i].t)
		}
	}
	return nil
}

// input returns the one that n stands for.
func (n *node) input(inputs []Input) (any, error) {
	for i := range inputs {
		if inputs[i].t == n.key.t {
			return inputs[i].value, nil
		}
	}
	return nil, fmt.Errorf("scope: this scope was given no %v: open it with scope.With(value)", n.key)
}
