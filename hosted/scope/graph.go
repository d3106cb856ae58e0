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
	result int          // which of the maker's results it is, if there are several
}

// pick takes n out of what its constructor has made.
func (n *node) pick(made any) any {
	if results, several := made.(results); several {
		return results[n.result]
	}
	return made
}

// results are those of a constructor that makes several values.
type results []any

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
	types  lookup                   // those without a name, for a quicker look
	broken error                    // why it cannot be used, nil if it can
	code   map[uintptr]*constructor // by the entry of their function, those who share one left out
	chunks int                      // that the slots of a scope take
	closed closer                   // its address marks scopes that are closed
	gone   chunk                    // the slots of these
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
func compile(declarations []*declaration) (*graph, error) {
	declarations = slices.Clone(declarations) // fx has shuffled them
	slices.SortFunc(declarations, func(a, b *declaration) int { return strings.Compare(a.maker.String(), b.maker.String()) })
	g := &graph{nodes: map[key]*node{
		{t: reflect.TypeFor[context.Context]()}: {source: fromContext},
		{t: reflect.TypeFor[*Scope]()}:          {source: fromScope},
	}}
	slots := 0
	for _, d := range declarations {
		slots += g.declare(d, slots)
	}
	g.chunks = max(1, (slots+chunkSize-1)/chunkSize)
	g.makeGone()
	for k, n := range g.nodes {
		n.key = k
	}
	g.types = newLookup(g.nodes)
	g.code = map[uintptr]*constructor{}
	for _, d := range declarations {
		if d.maker.fn.IsValid() {
			entry, only := d.maker.fn.Pointer(), d.maker
			if _, shared := g.code[entry]; shared {
				only = nil
			}
			g.code[entry] = only
		}
	}
	var errs []error
	for _, d := range declarations {
		errs = append(errs, g.link(d)...)
	}
	if len(errs) == 0 {
		errs = g.order(declarations)
	}
	return g, errors.Join(errs...)
}

// makeGone makes the slots of scopes that are closed: one chunk over and over.
func (g *graph) makeGone() {
	for i := range g.gone.slots {
		g.gone.slots[i].state.Store(gone)
	}
	more := make([]atomic.Pointer[chunk], g.chunks-1)
	for i := range more {
		more[i].Store(&g.gone)
	}
	g.gone.more.Store(&more)
}

// declare adds d's results, and the singletons that it takes. It returns how
// many slots d needs.
func (g *graph) declare(d *declaration, slot int) int {
	for i, k := range d.results {
		g.nodes[k] = &node{source: d.source, maker: d.maker, slot: slot, result: i}
	}
	for _, p := range d.params {
		if p.found && p.group == "" && g.nodes[p.key] == nil {
			g.nodes[p.key] = &node{source: fromFx, value: p.value}
		}
	}
	if d.source == fromScoped {
		return 1
	}
	return 0
}

// link tells d's constructor where its arguments come from.
func (g *graph) link(d *declaration) (errs []error) {
	for _, p := range d.params {
		n := g.nodes[p.key]
		if p.found && (p.group != "" || n.source == fromFx) {
			n = &node{key: p.key, source: fromFx, value: p.value} // as fx has it in d's module
		}
		switch {
		case p.key.t == reflect.TypeFor[*zap.Logger]() && n != nil && n.source == fromFx:
			if shared := n.value.(*zap.Logger); shared != nil { //nolint:forcetypeassert // by its key
				n = &node{key: p.key, source: fromFx, value: category.Named(shared, d.maker.category)}
			}
		case p.key.t == reflect.TypeFor[*slog.Logger]() && n != nil && n.source == fromFx:
			if shared := n.value.(*slog.Logger); shared != nil { //nolint:forcetypeassert // by its key
				n = &node{key: p.key, source: fromFx, value: category.NamedSlog(shared, d.maker.category)}
			}
		case n == nil && p.optional:
			n = &node{key: p.key, source: fromFx}
		case n == nil:
			errs = append(errs, &MissingError{Type: p.key.t, Name: p.key.name, Constructor: d.maker.String()})
			continue
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
			d.maker.passes = append(d.maker.passes, n)
		}
	}
	return errs
}

// order looks at the constructors in the order in which they need each other. A
// cycle is an error, unless it goes through the *Scope: one that has that is
// opaque, and its cycles are errors of Get.
func (g *graph) order(declarations []*declaration) (errs []error) {
	const (
		unseen = iota
		seeing
		seen
	)
	colour := map[*constructor]int{}
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
		c.opaque = c.typed != nil || slices.ContainsFunc(c.args, func(n *node) bool {
			return n.source == fromScope || n.maker != nil && n.maker.opaque
		})
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

// MissingError says that a scoped or transient constructor takes a type that
// nothing provides.
type MissingError struct {
	Type        reflect.Type
	Name        string // of the value, "" if it has none
	Constructor string // its name and place
	Reason      error  // why fx cannot make it, nil if that is not known
}

func (e *MissingError) Error() string {
	text := fmt.Sprintf("scope: %s needs %v, which nothing provides", e.Constructor, key{e.Type, e.Name})
	if e.Reason != nil {
		text += ": " + e.Reason.Error()
	}
	return text + fmt.Sprintf(": add a constructor of it with scope.Provide or fx.Provide, "+
		"or scope.Value[%v]() if scope.With gives it", e.Type)
}

func (e *MissingError) Unwrap() error { return e.Reason }
