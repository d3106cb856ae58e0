package scope

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
)

// Factory opens scopes (.NET: IServiceScopeFactory). It is injectable as
// *Factory, also into singletons that scoped constructors take. Safe for
// concurrent use.
type Factory struct {
	graph atomic.Pointer[graph] // nil until the application is built
}

// Input is a value from outside for one scope; see [With].
type Input struct {
	t     reflect.Type
	value any
}

// With gives a scope its T: the message, the request, the tenant. T must have
// been declared by [Value]. The scope does not close it. If a scope is given two,
// the first one counts. With allocates if T is not a pointer, as any conversion to
// an interface does.
func With[T any](value T) Input { return Input{reflect.TypeFor[T](), value} }

// New opens a scope. ctx is the context.Context that its constructors can
// take; its end does not close the scope. Whoever opens a scope closes it.
//
// New takes constant time and allocates once; inputs take a lookup each, and two
// allocations together. A mistake, such as a Factory that is used in a constructor
// of a singleton or an input that nobody declared, is the error of every Get.
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
