package scope

import (
	"context"
	"errors"
	"slices"
)

// plan is what has to be done to have some values: constructors in the order in
// which they need each other. A scope that runs a plan is private: nobody is given
// it, so it has no slots and no lock. It keeps the values on the stack.
type plan struct {
	wanted    []*node
	found     []int   // where the values of wanted are, see get
	given     []given // what comes from outside
	steps     []step
	constants []any // singletons
	size      int   // how many values there are
	shared    bool  // something asks for the *Scope: only a shared scope will do

	direct *signature // of the function that takes wanted, nil if it needs reflection
}

type given struct {
	node *node
	at   int
}

type step struct {
	maker *constructor
	args  []int
	at    int // of the first value that it returns
}

// maxSteps bounds plans: transients that take several transients each would make
// them grow without limit.
const maxSteps = 1000

func newPlan(wanted []*node) *plan {
	p := &plan{wanted: wanted, found: make([]int, len(wanted))}
	known := map[any]int{} // where the values of scoped constructors and of given nodes are
	for i, n := range wanted {
		p.found[i] = p.place(n, known)
	}
	if p.shared {
		p = &plan{wanted: wanted, found: p.found, size: len(wanted), shared: true}
		for i := range p.found {
			p.found[i] = i
		}
	}
	return p
}

// place adds what n needs, and returns where n's value is.
func (p *plan) place(n *node, known map[any]int) int {
	switch {
	case p.shared || n.source == fromScope || n.maker != nil && n.maker.opaque || len(p.steps) > maxSteps:
		p.shared = true
		return 0
	case n.source == fromFx:
		p.constants = append(p.constants, n.value)
		return -len(p.constants)
	case n.source == fromInput || n.source == fromContext:
		if _, ok := known[n]; !ok {
			known[n] = p.size
			p.given = append(p.given, given{n, p.size})
			p.size++
		}
		return known[n]
	}
	if at, ok := known[n.maker]; ok {
		return at + n.result
	}
	s := step{maker: n.maker, args: make([]int, len(n.maker.args))}
	for i, arg := range n.maker.args {
		s.args[i] = p.place(arg, known)
	}
	s.at = p.size
	p.size += len(n.maker.makes)
	p.steps = append(p.steps, s)
	if n.source == fromScoped {
		known[n.maker] = s.at
	}
	return s.at + n.result
}

// unit is a unit of work that runs a plan. It stays on the stack.
type unit struct {
	plan    *plan
	room    [16]any      // the values, if there is room for them
	more    []any        // else
	running *constructor // that has not returned yet
	newest  *closer
	shared  *Scope // nil if the unit is private
}

func (u *unit) values() []any {
	if u.more != nil {
		return u.more
	}
	return u.room[:]
}

// at returns what is at a position of values, or of the constants if that is
// negative.
func (p *plan) at(values []any, position int) *any {
	if position < 0 {
		return &p.constants[^position]
	}
	return &values[position]
}

// arguments are those of a function that takes what is at these positions.
func (p *plan) arguments(args *arguments, values []any, positions []int, direct bool) {
	if !direct {
		args.values = make([]any, len(positions))
	}
	for i, position := range positions {
		args.set(i, p.at(values, position))
	}
}

// begin makes the values that p wants.
func (u *unit) begin(ctx context.Context, f *Factory, p *plan, inputs []Input) error {
	u.plan = p
	if p.size > len(u.room) {
		u.more = make([]any, p.size)
	}
	values := u.values()
	if p.shared {
		u.shared = f.New(ctx, slices.Clone(inputs)...)
		for i, n := range p.wanted {
			value, err := u.shared.get(n) //nolint:contextcheck // the scope has ctx
			if err != nil {
				return err
			}
			values[i] = value
		}
		return nil
	}
	if err := f.graph.Load().declared(inputs); err != nil {
		return err
	}
	for _, g := range p.given {
		if g.node.source == fromContext {
			values[g.at] = ctx
			continue
		}
		value, err := g.node.input(inputs)
		if err != nil {
			return err
		}
		values[g.at] = value
	}
	for i := range p.steps {
		s := &p.steps[i]
		u.running = s.maker
		var args arguments
		p.arguments(&args, values, s.args, s.maker.direct != nil)
		value, cleanup, err := s.maker.call(&args)
		u.running = nil
		if err != nil {
			return err
		}
		if s.maker.closes || cleanup != nil {
			u.newest = s.maker.own(value, cleanup, u.newest, inputs)
		}
		if len(s.maker.makes) == 1 {
			values[s.at] = value
		} else {
			copy(values[s.at:], value.(results)) //nolint:forcetypeassert // by their number
		}
	}
	return nil
}

// end is deferred. It closes what begin has made, whatever happened since. A panic
// of a constructor becomes an error; one of anybody else goes on.
func (u *unit) end(ctx context.Context, err *error) {
	if u.running != nil {
		if value := recover(); value != nil {
			*err = u.running.panicked(value)
		}
	}
	var failed error
	if u.shared != nil {
		failed = u.shared.Close(context.WithoutCancel(ctx))
	} else if u.newest != nil {
		failed = u.newest.closeAll(context.WithoutCancel(ctx), nil)
	}
	if *err == nil {
		*err = failed
	} else if failed != nil {
		*err = errors.Join(*err, failed)
	}
}
