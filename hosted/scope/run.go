package scope

import (
	"context"
	"fmt"
	"maps"
	"reflect"
)

// Do opens a scope, calls fn with the scope's T, and closes the scope. T is any type
// that [Get] could return. Do returns the error of fn, joined with the errors of
// closing. If fn panics, the panic is re-raised after the scope is closed, and the
// errors of closing are lost.
//
// Values are closed with a context that has the values of ctx and does not end with it.
//
// Do is the fastest way to run a unit of work: which constructors to call, and in
// which order, is computed once for each T.
func Do[T any](ctx context.Context, f *Factory, fn func(ctx context.Context, value T) error, inputs ...Input) (err error) {
	if fn == nil {
		// Not %T of fn, which would have every function that Do is given allocated.
		return fmt.Errorf("scope: Do takes a function, not a nil %v", reflect.TypeFor[func(context.Context, T) error]())
	}
	var u unit
	defer u.end(ctx, &err)
	p, err := f.planOf(reflect.TypeFor[T]())
	if err != nil {
		return err
	}
	if err := u.begin(ctx, f, p, inputs); err != nil {
		return err
	}
	value, _ := (*p.at(u.values(), p.found[0])).(T) // a nil interface stays nil
	return fn(ctx, value)
}

// Run is [Do] for a function with any number of parameters, such as
// func(*Handler, context.Context) error. The function returns an error or nothing.
func (f *Factory) Run(ctx context.Context, fn any, inputs ...Input) (err error) {
	var u unit
	defer u.end(ctx, &err)
	p, err := f.planFor(fn)
	if err != nil {
		return err
	}
	if err := u.begin(ctx, f, p, inputs); err != nil {
		return err
	}
	var args arguments
	p.arguments(&args, u.values(), p.found, p.direct != nil)
	if p.direct != nil {
		_, err := p.direct.call(fn, &args.words)
		return err
	}
	if results := reflect.ValueOf(fn).Call(args.reflected(p.wanted)); len(results) == 1 {
		err, _ = reflect.TypeAssert[error](results[0])
	}
	return err
}

// planOf is the plan for one value of type t.
func (f *Factory) planOf(t reflect.Type) (*plan, error) {
	g := f.graph.Load()
	if g == nil {
		return nil, errNotBuilt
	}
	n, err := g.find(key{t: t})
	if err != nil {
		return nil, err
	}
	p := n.plan.Load()
	if p == nil {
		p = newPlan([]*node{n})
		n.plan.Store(p)
	}
	return p, nil
}

// planFor is the plan for what fn takes.
func (f *Factory) planFor(fn any) (*plan, error) {
	g := f.graph.Load()
	if g == nil {
		return nil, errNotBuilt
	}
	call := reflect.ValueOf(fn)
	if call.Kind() != reflect.Func {
		return nil, fmt.Errorf("scope: Run takes a function, not %v", call)
	}
	t := call.Type()
	if call.IsNil() {
		return nil, fmt.Errorf("scope: Run takes a function, not a nil %v", t)
	}
	if n := g.functions.Load().find(t); n != nil {
		return n.plan.Load(), nil
	}
	if t.NumOut() > 1 || t.NumOut() == 1 && t.Out(0) != reflect.TypeFor[error]() || t.IsVariadic() {
		return nil, fmt.Errorf("scope: Run takes a function that returns nothing or an error, not %v", t)
	}
	wanted := make([]*node, t.NumIn())
	for i := range wanted {
		n, err := g.find(key{t: t.In(i)})
		if err != nil {
			return nil, fmt.Errorf("scope: Run %v: %s", t, bare(err))
		}
		wanted[i] = n
	}
	p := newPlan(wanted)
	p.direct = signatureOf(t)
	g.remember(t, p)
	return p, nil
}

// remember adds the plan for functions of type t.
func (g *graph) remember(t reflect.Type, p *plan) {
	n := &node{}
	n.plan.Store(p)
	g.mu.Lock()
	defer g.mu.Unlock()
	known := maps.Clone(g.known)
	known[t] = n
	g.known = known
	g.functions.Store(newLookup(known))
}
