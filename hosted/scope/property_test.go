package scope_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// choices are made by bytes, so that a fuzzer can make them; 0 when there are
// no more.
type choices []byte

func (c *choices) below(n int) int {
	if len(*c) == 0 {
		return 0
	}
	first := (*c)[0]
	*c = (*c)[1:]
	return int(first) % n
}

// oneIn is true once in n times, never when there are no more bytes.
func (c *choices) oneIn(n int) bool { return c.below(n) == n-1 }

type lifetime uint8

const (
	scoped lifetime = iota
	transient
	typed // Func
	singleton
)

type outcome uint8

const (
	works outcome = iota
	fails
	panics
	failsOnce
)

// vertex is a constructor of a random graph.
type vertex struct {
	life     lifetime
	t        reflect.Type // what it makes
	needs    []int        // earlier ones
	size     int          // how many transients are made for it
	dares    []int        // typed: later ones that it asks for too, so that there may be cycles
	forks    bool         // typed: it asks from goroutines
	outcome  outcome
	closing  outcome
	cleanup  reflect.Type // nil if it returns none
	mayFail  bool         // it returns an error
	rests    bool         // others run while it does
	closable bool
}

type randomGraph struct {
	vertices   []vertex
	singletons []*body
	options    []fx.Option
	closed     atomic.Int32 // singletons that were closed
}

func newGraph(c *choices) *randomGraph {
	g := &randomGraph{vertices: make([]vertex, 1+c.below(30))}
	g.singletons = make([]*body, len(g.vertices))
	cleanups := []reflect.Type{
		nil, nil, reflect.TypeFor[func()](), reflect.TypeFor[func() error](), reflect.TypeFor[func(context.Context) error](),
	}
	for i := range g.vertices {
		k, v := kinds[i], &g.vertices[i]
		*v = vertex{life: lifetime(c.below(4)), rests: c.oneIn(2), mayFail: c.oneIn(2)}
		v.t = []reflect.Type{k.plain, k.closing, k.finishing, k.iface}[c.below(4)]
		for range c.below(7) {
			if i == 0 {
				break
			}
			need := c.below(i)
			if v.life == singleton && g.vertices[need].life != singleton || v.size+g.vertices[need].size > 20 {
				continue
			}
			v.needs = append(v.needs, need)
			if g.vertices[need].life == transient {
				v.size += 1 + g.vertices[need].size
			}
		}
		if v.life != singleton {
			v.outcome = []outcome{works, works, works, works, works, works, fails, panics, failsOnce}[c.below(9)]
			v.closing = []outcome{works, works, works, fails, panics}[c.below(5)]
		}
		v.mayFail = v.mayFail || v.outcome == fails || v.outcome == failsOnce
		switch v.life {
		case scoped, transient:
			v.cleanup = cleanups[c.below(len(cleanups))]
		case typed:
			v.forks = c.oneIn(4)
			for range c.below(3) {
				if later := i + 1 + c.below(5); later < len(g.vertices) && c.oneIn(3) {
					v.dares = append(v.dares, later)
				}
			}
		default: // a singleton
		}
		v.closable = v.t != k.plain || v.cleanup != nil
		g.options = append(g.options, g.option(i))
	}
	g.options = append(g.options, scope.Value[*work]())
	return g
}

// option registers vertex i.
func (g *randomGraph) option(i int) fx.Option {
	v := &g.vertices[i]
	if v.life == typed {
		return kinds[i].typed(v.t, func(s *scope.Scope) (*body, error) { return g.ask(i, s) })
	}
	var in, out []reflect.Type
	if v.life != singleton {
		in = append(in, reflect.TypeFor[*work]())
	}
	for _, need := range v.needs {
		in = append(in, g.vertices[need].t)
	}
	out = append(out, v.t)
	if v.cleanup != nil {
		out = append(out, v.cleanup)
	}
	if v.mayFail {
		out = append(out, reflect.TypeFor[error]())
	}
	constructor := reflect.MakeFunc(reflect.FuncOf(in, out, false), func(args []reflect.Value) []reflect.Value {
		w := &work{}
		if v.life != singleton {
			w, args = args[0].Interface().(*work), args[1:]
		}
		var bodies []*body
		for n, arg := range args {
			bodies = append(bodies, kinds[v.needs[n]].bodyOf(arg.Interface()))
		}
		b, err := w.construct(g, i, bodies)
		results := []reflect.Value{kinds[i].wrap(v.t, b)}
		if v.cleanup != nil {
			results = append(results, reflect.MakeFunc(v.cleanup, func(args []reflect.Value) []reflect.Value {
				err := b.close(context.Background())
				if v.cleanup.NumOut() == 0 {
					return nil
				}
				return []reflect.Value{errorValue(err)}
			}))
		}
		if v.mayFail {
			results = append(results, errorValue(err))
		}
		return results
	}).Interface()
	switch v.life {
	case singleton:
		return fx.Options(kinds[i].singleton(v.t), fx.Provide(constructor), fx.Invoke(reflect.MakeFunc(reflect.FuncOf([]reflect.Type{v.t}, nil, false),
			func(args []reflect.Value) []reflect.Value {
				g.singletons[i] = kinds[i].bodyOf(args[0].Interface())
				return nil
			}).Interface()))
	case transient:
		return scope.Transient(constructor)
	default:
		return scope.Provide(constructor)
	}
}

func errorValue(err error) reflect.Value {
	if err == nil {
		return reflect.Zero(reflect.TypeFor[error]())
	}
	return reflect.ValueOf(&err).Elem()
}

// ask is the body of a typed constructor.
func (g *randomGraph) ask(i int, s *scope.Scope) (*body, error) {
	v := &g.vertices[i]
	w, err := scope.Get[*work](s)
	if err != nil {
		return nil, err
	}
	var (
		bodies = make([]*body, len(v.needs))
		errs   = make([]error, len(v.needs))
		all    sync.WaitGroup
	)
	for n, need := range v.needs {
		ask := func() {
			bodies[n], errs[n] = g.get(s, need)
		}
		if v.forks && w.dares() {
			all.Go(ask)
		} else if ask(); errs[n] != nil {
			break
		}
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("asked: %w", err)
	}
	for n, dare := range v.dares {
		if !w.dares() {
			break
		}
		if _, err := g.get(s, dare); err != nil && n%2 == 0 {
			return nil, err
		}
	}
	return w.construct(g, i, bodies)
}

// work is what happened in one scope. Every constructor takes it.
type work struct {
	mu       sync.Mutex
	attempts map[int]int
	dared    int
	made     []*body // in this order
	closed   []ending
}

type ending struct {
	*body
	by string // goroutine
}

// dares is true a limited number of times: when constructors go on after a
// failure, those below them are called again and again.
func (w *work) dares() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dared++
	return w.dared < 100
}

func (w *work) construct(g *randomGraph, i int, args []*body) (*body, error) {
	v := &g.vertices[i]
	b := &body{node: i, args: args}
	if v.closable && v.life != singleton && v.outcome == works {
		b.here = goroutine()
	}
	b.close = func(context.Context) error {
		if v.life == singleton {
			g.closed.Add(1)
			return nil
		}
		w.mu.Lock()
		w.closed = append(w.closed, ending{b, goroutine()})
		w.mu.Unlock()
		switch v.closing {
		case fails:
			return errBroken
		case panics:
			panic(errBroken)
		default:
			return nil
		}
	}
	if v.rests {
		runtime.Gosched()
	}
	if v.life == singleton {
		return b, nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts[i]++
	switch {
	case v.outcome == panics:
		panic(errBroken)
	case v.outcome == fails, v.outcome == failsOnce && w.attempts[i] == 1:
		return b, errBroken
	case v.outcome == failsOnce:
		b.here = goroutine()
	}
	w.made = append(w.made, b)
	return b, nil
}

func goroutine() string {
	var stack [64]byte
	return strings.Fields(string(stack[:runtime.Stack(stack[:], false)]))[1]
}

// tryGraph makes a random graph, gets random values of a few scopes from random
// goroutines, and closes them at some moment.
func tryGraph(t *testing.T, c *choices) {
	t.Helper()
	g := newGraph(c)
	factory := start(t, g.options...)
	var all sync.WaitGroup
	for range 1 + c.below(3) {
		all.Go(g.newTrial(t, c, factory))
	}
	for range c.below(3) {
		all.Go(g.newRun(t, c, factory))
	}
	all.Wait()
	if n := g.closed.Load(); n != 0 {
		t.Errorf("%d singletons were closed", n)
	}
}

// newTrial decides what to do with one scope.
func (g *randomGraph) newTrial(t *testing.T, c *choices, factory *scope.Factory) func() {
	t.Helper()
	w := &work{attempts: map[int]int{}}
	s := factory.New(t.Context(), scope.With(w))
	orders := make([][]int, 1+c.below(4))
	for i := range orders {
		for range 1 + c.below(8) {
			orders[i] = append(orders[i], c.below(len(g.vertices)))
		}
	}
	moment := int32(1 + c.below(12)) //nolint:gosec // it is small
	return func() {
		var (
			workers, closing sync.WaitGroup
			gets             atomic.Int32
			got              = make([][]*body, len(orders))
			now              = make(chan struct{})
			closer           string
			err              error
		)
		closing.Go(func() {
			<-now
			closer = goroutine()
			err = s.Close(t.Context())
		})
		for i, order := range orders {
			workers.Go(func() {
				for _, node := range order {
					b, err := g.get(s, node)
					g.allow(t, node, err)
					if err == nil {
						got[i] = append(got[i], b)
					}
					if gets.Add(1) == moment {
						close(now)
					}
				}
			})
		}
		workers.Wait()
		if gets.Load() < moment {
			got = append(got, g.getAll(t, s))
			close(now)
		}
		closing.Wait()
		g.check(t, w, slices.Concat(got...), closer, err)
		for node := range g.vertices {
			if _, err := g.get(s, node); !errors.Is(err, scope.ErrClosed) {
				t.Errorf("got %v from a closed scope", err)
			}
		}
		if err := s.Close(t.Context()); err != nil {
			t.Errorf("second Close: %v", err)
		}
	}
}

// newRun decides what a function takes, and has Run call it: a plan if nothing in it
// asks for the scope.
func (g *randomGraph) newRun(t *testing.T, c *choices, factory *scope.Factory) func() {
	t.Helper()
	var (
		w     = &work{attempts: map[int]int{}}
		got   []*body
		nodes = make([]int, c.below(6))
		in    = make([]reflect.Type, len(nodes))
		ran   bool
	)
	for i := range nodes {
		nodes[i] = c.below(len(g.vertices))
		in[i] = g.vertices[nodes[i]].t
	}
	if c.oneIn(4) {
		in = append(in, reflect.TypeFor[*scope.Scope]())
	}
	fn := reflect.MakeFunc(reflect.FuncOf(in, nil, false), func(args []reflect.Value) []reflect.Value {
		ran = true
		for i, node := range nodes {
			got = append(got, kinds[node].bodyOf(args[i].Interface()))
		}
		return nil
	}).Interface()
	return func() {
		err := factory.Run(t.Context(), fn, scope.With(w))
		if !ran {
			if err == nil {
				t.Error("the function was not called")
			}
			var failed bool
			for _, node := range nodes {
				failed = failed || g.reaches(node, func(v *vertex) bool { return v.outcome != works || len(v.dares) > 0 })
			}
			if !failed {
				t.Errorf("nothing fails, but %v", err)
			}
			err = errAny
		}
		g.check(t, w, got, goroutine(), err)
	}
}

// errAny is one that check does not look at.
var errAny = errors.New("any")

func (g *randomGraph) get(s *scope.Scope, node int) (*body, error) {
	value, err := kinds[node].ask(g.vertices[node].t, s)
	if err != nil {
		return nil, err
	}
	return kinds[node].bodyOf(value), nil
}

// allow checks that a Get fails only if it may.
func (g *randomGraph) allow(t *testing.T, node int, err error) {
	t.Helper()
	var cycle *scope.CycleError
	switch {
	case err == nil, errors.Is(err, scope.ErrClosed):
	case errors.As(err, &cycle):
		if !g.reaches(node, func(v *vertex) bool { return len(v.dares) > 0 }) {
			t.Errorf("vertex %d: there is no cycle, but %v", node, err)
		}
	case !errors.Is(err, errBroken):
		t.Errorf("vertex %d: %v", node, err)
	case !g.reaches(node, func(v *vertex) bool { return v.outcome != works }):
		t.Errorf("vertex %d: nothing fails, but %v", node, err)
	}
}

// reaches tells whether node is such, or anything that it may ask for.
func (g *randomGraph) reaches(node int, such func(*vertex) bool) bool {
	seen := map[int]bool{}
	var visit func(int) bool
	visit = func(node int) bool {
		v := &g.vertices[node]
		if seen[node] {
			return false
		}
		seen[node] = true
		return such(v) || slices.ContainsFunc(v.needs, visit) || slices.ContainsFunc(v.dares, visit)
	}
	return visit(node)
}

// getAll gets what can be had of an open scope.
func (g *randomGraph) getAll(t *testing.T, s *scope.Scope) (all []*body) {
	t.Helper()
	for node := range g.vertices {
		b, err := g.get(s, node)
		hopeful := !g.reaches(node, func(v *vertex) bool {
			return v.outcome == fails || v.outcome == panics || len(v.dares) > 0
		})
		for range g.vertices { // some fail once
			if err != nil && hopeful {
				b, err = g.get(s, node)
			}
		}
		switch {
		case err == nil:
			all = append(all, b)
		case hopeful:
			t.Errorf("vertex %d fails forever: %v", node, err)
		}
	}
	return all
}

// check is what must be true whatever has happened.
func (g *randomGraph) check(t *testing.T, w *work, got []*body, closer string, err error) {
	t.Helper()
	var (
		one    = map[int]*body{}  // of each scoped constructor
		used   = map[*body]int{}  // how often a transient was given to somebody
		made   = map[*body]int{}  // when, from 1
		order  = map[*body]int{}  // when it was closed, from 1
		late   = map[*body]bool{} // it was closed by who made it
		latest = map[string]int{} // of each goroutine: when what was closed last was made
		errs   int
	)
	for i, b := range w.made {
		made[b] = i + 1
		if life := g.vertices[b.node].life; life != transient {
			if one[b.node] != nil {
				t.Errorf("vertex %d was made twice in a scope", b.node)
			}
			one[b.node] = b
		}
		got = append(got, b.args...)
	}
	for i, b := range w.closed {
		v := &g.vertices[b.node]
		if made[b.body] == 0 || order[b.body] != 0 || !v.closable {
			t.Errorf("vertex %d: made %d, closed %d and again", b.node, made[b.body], order[b.body])
		}
		order[b.body] = i + 1
		if b.by != closer {
			late[b.body] = true
			if b.by != b.here {
				t.Errorf("vertex %d: made by %s, closed by %s", b.node, b.here, b.by)
			}
			continue
		}
		if last := latest[b.here]; last != 0 && last < made[b.body] {
			t.Errorf("vertex %d was closed after what the same goroutine made before it", b.node)
		}
		latest[b.here] = made[b.body]
		if v.closing == panics || v.closing == fails && (v.cleanup == nil || v.cleanup.NumOut() == 1) {
			errs++
		}
	}
	for _, b := range w.made {
		if g.vertices[b.node].closable && order[b] == 0 {
			t.Errorf("vertex %d was not closed", b.node)
		}
		for _, arg := range b.args {
			if !late[b] && order[b] != 0 && order[arg] != 0 && order[arg] < order[b] {
				t.Errorf("vertex %d was closed before vertex %d, which needs it", arg.node, b.node)
			}
		}
	}
	for _, b := range got {
		switch g.vertices[b.node].life {
		case singleton:
			if b != g.singletons[b.node] {
				t.Errorf("vertex %d: got another singleton", b.node)
			}
		case transient:
			if used[b]++; used[b] > 1 || made[b] == 0 {
				t.Errorf("vertex %d: a transient was given to two, or not made", b.node)
			}
		default:
			if b != one[b.node] {
				t.Errorf("vertex %d: got another than the one of the scope", b.node)
			}
		}
		if late[b] && !slices.ContainsFunc(w.made, func(user *body) bool { return slices.Contains(user.args, b) }) {
			t.Errorf("vertex %d: got what was closed at once", b.node)
		}
	}
	if err == errAny { //nolint:errorlint // the same value
		return
	}
	joined, _ := err.(interface{ Unwrap() []error })
	if errs == 0 && err != nil || errs > 0 && (joined == nil || len(joined.Unwrap()) != errs) {
		t.Errorf("%d closers failed, Close returned %v", errs, err)
	}
}

// TestRandomGraphs tries 200 graphs, others each time. Say
// SCOPE_SEED=n to see one of them again.
func TestRandomGraphs(t *testing.T) {
	t.Parallel()
	first, count := rand.Uint64N(1<<40), uint64(200) //nolint:gosec // a seed
	if text := os.Getenv("SCOPE_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		first, count = seed, 1
	}
	for seed := first; seed < first+count; seed++ {
		t.Run(fmt.Sprint("SCOPE_SEED=", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := bytesOf(seed)
				tryGraph(t, &c)
			})
		})
	}
}

func bytesOf(seed uint64) choices {
	source := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // a seed
	c := make(choices, 1024)
	for i := range c {
		c[i] = byte(source.UintN(256)) //nolint:gosec // it is below 256
	}
	return c
}

func FuzzGraph(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{29})
	for seed := range uint64(20) {
		f.Add([]byte(bytesOf(seed)))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		synctest.Test(t, func(t *testing.T) {
			c := choices(data)
			tryGraph(t, &c)
		})
	})
}
