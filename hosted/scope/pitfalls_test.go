package scope_test

import (
	"slices"
	"sync"
	"testing"

	"go.uber.org/dig"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// The pitfalls of dig, as it has them and as we do not. D2 and D3, what its
// scopes cost and keep, are shown by the benchmarks; D7, the text about what is
// missing, by TestMistakesAreErrorsOfBuild; D8, decorators, by
// TestConstructorsHaveTheSingletonsOfTheirModule; D9 by TestWithoutALogger and
// TestFxStructs.

// D1: dig shuffles its value groups, and we declare constructors by one. Which
// constructor is told first in an error does not depend on that.
func TestPitfallD1GroupsAreShuffled(t *testing.T) {
	t.Parallel()
	orders := map[[6]int]bool{}
	for range 40 {
		c := dig.New()
		for i := range 6 {
			if err := c.Provide(func() int { return i }, dig.Group("g")); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Invoke(func(in struct {
			dig.In
			Values []int `group:"g"`
		},
		) {
			orders[[6]int(in.Values)] = true
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(orders) == 1 {
		t.Error("dig does not shuffle any more: the sorting in compile can go")
	}
	var texts []string
	for range 10 {
		_, err := build(scope.Provide(newRepo, newHandler, func(string) *a { return nil }, func(*a, int) *b { return nil }))
		texts = append(texts, err.Error())
	}
	if texts = slices.Compact(texts); len(texts) != 1 {
		t.Errorf("got different texts: %q", texts)
	}
}

// D4: dig's containers race. Ours are asked by TestManyGoroutinesOnOneScope and
// others under the race detector; that building two applications at once is
// safe is shown here.
func TestPitfallD4ApplicationsAreBuiltAtOnce(t *testing.T) {
	t.Parallel()
	options := standard()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			f, err := build(options)
			if err != nil {
				t.Error(err)
				return
			}
			if err := f.Run(t.Context(), func(h *handler, x *tx) {
				if h.tx != x {
					t.Error("got another value")
				}
			}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// D5: in dig a constructor that the parent has makes a value for all scopes, and
// a singleton that takes what should be of one scope captures it, silently.
func TestPitfallD5Captive(t *testing.T) {
	t.Parallel()
	c := dig.New()
	for _, constructor := range []any{newDB, newTx, newRepo} {
		if err := c.Provide(constructor); err != nil {
			t.Fatal(err)
		}
	}
	var got [2]*repo
	for i := range got {
		if err := c.Scope("unit of work").Invoke(func(r *repo) { got[i] = r }); err != nil {
			t.Fatal(err)
		}
	}
	if got[0] != got[1] {
		t.Error("dig has scoped values now")
	}

	f := start(t, fx.Provide(newDB), scope.Provide(newTx, newRepo))
	for i := range got {
		if err := f.Run(t.Context(), func(r *repo) { got[i] = r }); err != nil {
			t.Fatal(err)
		}
	}
	if got[0] == got[1] {
		t.Error("two scopes have the same")
	}
	_, err := build(fx.Provide(newDB, newRepo), scope.Provide(newTx), fx.Invoke(func(*repo) {}))
	wantText(t, err, `.*newRepo @: failed to build \*scope_test\.tx: .*: scope: a singleton cannot take \*scope_test\.tx of scope_test\.newTx @, .*`)
}

// D6: dig closes nothing, and has no order to do it in.
func TestPitfallD6NothingIsClosed(t *testing.T) {
	t.Parallel()
	var j journal
	c := dig.New()
	if err := c.Provide(func() *a { return &a{noting{&j, "a"}} }); err != nil {
		t.Fatal(err)
	}
	if err := c.Scope("unit of work").Invoke(func(*a) {}); err != nil {
		t.Fatal(err)
	}
	j.want(t, "")
	if err := start(t, chain(&j)).Run(t.Context(), func(*b, *c2) {}); err != nil {
		t.Fatal(err)
	}
	j.want(t, "c, b, a")
}

type c2 = c
