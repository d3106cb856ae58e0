package scope

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/category"
)

// key is what a value is found by.
type key struct {
	t    reflect.Type
	name string
}

func (k key) String() string {
	if k.name == "" {
		return k.t.String()
	}
	return fmt.Sprintf("%v named %q", k.t, k.name)
}

// ofScope tells what a scope is itself.
func (k key) ofScope() bool {
	return k == key{t: reflect.TypeFor[context.Context]()} || k == key{t: reflect.TypeFor[*Scope]()}
}

// source says where a value comes from.
type source uint8

const (
	fromFx        source = iota // a singleton, resolved when the application was built
	fromScoped                  // made once in each scope
	fromTransient               // made anew for each who asks
	fromInput                   // given by With
	fromContext                 // the context.Context of the scope
	fromScope                   // the *Scope
)

// node is a value that can be had from a scope.
type node struct {
	key    key
	source source
	value  any          // fromFx
	maker  *constructor // fromScoped, fromTransient
	slot   int          // of the maker, fromScoped
	result int          // which of the maker's results it is
	plan   atomic.Pointer[plan]
}

// pick takes n out of what its constructor has made.
func (n *node) pick(made any) any {
	if results, several := made.(results); several {
		return results[n.result]
	}
	return made
}

// reflect is value as an argument of n's type: a nil interface has none itself.
func (n *node) reflect(value any) reflect.Value {
	if value == nil {
		return reflect.Zero(n.key.t)
	}
	return reflect.ValueOf(value)
}

// graph is everything that scopes of one application can make. It does not
// change once it was compiled.
type graph struct {
	nodes  map[key]*node
	types  *lookup        // those without a name, for a quicker look
	broken error          // why it cannot be used, nil if it can
	makers []*constructor // by their numbers, from 1
	typed  []bool         // for each chunk of slots, whether it has one of a typed constructor
	closed closer         // its address marks scopes that are closed

	functions atomic.Pointer[lookup] // their plans
	mu        sync.Mutex
	known     map[reflect.Type]*node // functions, to add one
}

// find returns the node of k.
func (g *graph) find(k key) (*node, error) {
	if n := g.nodes[k]; n != nil {
		return n, nil
	}
	if g.broken != nil {
		return nil, g.broken
	}
	return nil, fmt.Errorf("scope: %v is unknown: provide it with scope.Provide, declare it with scope.Value "+
		"if scope.With gives it, or name it with scope.Singleton if fx makes it", k)
}

// compile makes the graph of what was declared. The error joins all that is
// wrong, in the order of the constructors' places.
func compile(declarations []*declaration, changes []changed) (*graph, error) {
	declarations = slices.Clone(declarations) // fx has shuffled them
	slices.SortFunc(declarations, func(a, b *declaration) int { return strings.Compare(a.maker.String(), b.maker.String()) })
	g := &graph{known: map[reflect.Type]*node{}, nodes: map[key]*node{
		{t: reflect.TypeFor[context.Context]()}: {source: fromContext},
		{t: reflect.TypeFor[*Scope]()}:          {source: fromScope},
	}}
	var errs []error
	for _, d := range declarations {
		g.declare(d)
	}
	for _, d := range declarations {
		if d.replaces {
			errs = append(errs, g.replace(d)...)
		}
	}
	for _, c := range slices.SortedFunc(slices.Values(changes), func(a, b changed) int { return strings.Compare(a.Error(), b.Error()) }) {
		errs = append(errs, c)
	}
	// Nobody asks for what was replaced as a whole.
	declarations = slices.DeleteFunc(declarations, func(d *declaration) bool {
		return len(d.results) > 0 && !slices.ContainsFunc(d.results, func(k key) bool {
			n := g.nodes[k]
			return n != nil && n.maker == d.maker
		})
	})
	unnamed := map[reflect.Type]*node{}
	for k, n := range g.nodes {
		n.key = k
		if k.name == "" {
			unnamed[k.t] = n
		}
	}
	g.types = newLookup(unnamed)
	g.functions.Store(newLookup(nil))
	for _, d := range declarations {
		errs = append(errs, g.link(d)...)
	}
	errs = append(errs, g.order(declarations)...)
	return g, errors.Join(errs...)
}

// declare adds d's results, and the singletons that it takes.
func (g *graph) declare(d *declaration) {
	for i, k := range d.results {
		n := &node{source: d.source, maker: d.maker, result: i}
		d.maker.makes = append(d.maker.makes, n)
		if !d.replaces {
			g.nodes[k] = n
		}
	}
	for _, p := range d.params {
		if p.found && p.group == "" && g.nodes[p.key] == nil {
			g.nodes[p.key] = &node{source: fromFx, value: p.value}
		}
	}
}

// replace puts d's results in the place of those of others.
func (g *graph) replace(d *declaration) (errs []error) {
	for i, k := range d.results {
		old := g.nodes[k]
		if old == nil || old.maker == nil || old.source == fromFx {
			errs = append(errs, fmt.Errorf("scope: %s replaces %v, which nothing in this package provides: "+
				"use scope.Provide, or fx.Replace for a singleton", d.maker, k))
			continue
		}
		if slices.Contains(old.maker.makes, old) && old.maker.replaces {
			errs = append(errs, fmt.Errorf("scope: %s and %s both replace %v", old.maker, d.maker, k))
		}
		n := d.maker.makes[i]
		if n.source = old.source; n.source == fromInput {
			n.source = fromScoped
		}
		g.nodes[k] = n
	}
	return errs
}

// link tells d's constructor where its arguments come from.
func (g *graph) link(d *declaration) (errs []error) {
	for _, p := range d.params {
		n := g.nodes[p.key]
		if p.group != "" || n == nil || n.source == fromFx { // as fx has it in d's module
			if !p.found && !p.optional {
				errs = append(errs, g.missing(p.key, d.maker))
				continue
			}
			n = &node{key: p.key, source: fromFx, value: p.value}
		}
		switch shared := n.value.(type) {
		case *zap.Logger:
			if shared != nil && p.key.t == reflect.TypeFor[*zap.Logger]() {
				n = &node{key: p.key, source: fromFx, value: category.Named(shared, d.maker.category)}
			}
		case *slog.Logger:
			if shared != nil && p.key.t == reflect.TypeFor[*slog.Logger]() {
				n = &node{key: p.key, source: fromFx, value: category.NamedSlog(shared, d.maker.category)}
			}
		}
		d.maker.args = append(d.maker.args, n)
	}
	candidates := d.maker.args
	if d.maker.typed != nil {
		candidates = slices.Collect(maps.Values(g.nodes))
	}
	for _, n := range candidates {
		if n.maker != d.maker && slices.ContainsFunc(d.results, func(k key) bool {
			return k.t.Kind() == reflect.Interface && n.key.t.AssignableTo(k.t)
		}) {
			d.maker.others = append(d.maker.others, n)
		}
	}
	return errs
}

// missing is the error of maker, which takes k. It names a constructor that
// returns an implementation, if there is one.
func (g *graph) missing(k key, maker *constructor) error {
	err := &MissingError{Type: k.t, Name: k.name, Constructor: maker.String()}
	var all []string
	for _, n := range g.nodes {
		if n.maker != nil && n.source != fromInput && k.t.Kind() == reflect.Interface && n.key.t.Implements(k.t) {
			all = append(all, fmt.Sprintf("scope.Bind[%v](%s) instead of scope.Provide", k.t, n.maker.name))
		}
	}
	if len(all) > 0 {
		err.advice = slices.Min(all)
	}
	return err
}

// order looks at the constructors in the order in which they need each other. A
// cycle is an error, unless it goes through the *Scope: one that has that is
// opaque, and its cycles are errors of Get. What is needed together gets slots
// side by side.
func (g *graph) order(declarations []*declaration) (errs []error) {
	const (
		unseen = iota
		seeing
		seen
	)
	colour := map[*constructor]int{}
	g.makers = []*constructor{nil}
	slots := 0
	var chain []*constructor
	var visit func(c *constructor)
	visit = func(c *constructor) {
		chain = append(chain, c)
		colour[c] = seeing
		for _, n := range c.args {
			switch {
			case n.maker == nil || colour[n.maker] == seen:
			case colour[n.maker] == unseen:
				visit(n.maker)
			default:
				found := &CycleError{}
				for _, link := range append(chain[slices.Index(chain, n.maker):], n.maker) {
					found.Chain = append(found.Chain, link.String())
				}
				errs = append(errs, found)
			}
		}
		c.transients = slices.ContainsFunc(c.args, func(n *node) bool { return n.source == fromTransient })
		c.opaque = c.typed != nil || slices.ContainsFunc(c.args, func(n *node) bool {
			return n.source == fromScope || n.maker != nil && n.maker.opaque
		})
		if len(c.makes) > 0 && c.makes[0].source == fromScoped {
			for _, n := range c.makes {
				n.slot = slots
			}
			if slots%chunkSize == 0 {
				g.typed = append(g.typed, false)
			}
			g.typed[slots/chunkSize] = g.typed[slots/chunkSize] || c.typed != nil
			slots++
		}
		c.number = len(g.makers)
		g.makers = append(g.makers, c)
		colour[c] = seen
		chain = chain[:len(chain)-1]
	}
	for _, d := range declarations {
		if colour[d.maker] == unseen {
			visit(d.maker)
		}
	}
	return errs
}
