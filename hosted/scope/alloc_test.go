//go:build !race && !purego

package scope_test

import (
	"context"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

func TestAllocations(t *testing.T) {
	f := start(t, standard(), scope.Value[*noting](), scope.Func(func(s *scope.Scope) (*a, error) {
		_, err := scope.Get[*handler](s)
		return &a{}, err
	}), scope.Provide(func() (struct {
		fx.Out
		B *b `name:"named"`
	}, error,
	) {
		panic("not asked for")
	}))
	ctx, s := t.Context(), f.New(t.Context())
	get[*handler](t, s)
	get[*a](t, s)
	carrying := scope.NewContext(ctx, s)
	given := scope.With(&noting{})
	for name, test := range map[string]struct {
		want float64
		run  func()
	}{
		"an empty scope":    {1, func() { _ = f.New(ctx).Close(ctx) }},
		"with a value":      {3, func() { _ = f.New(ctx, given).Close(ctx) }},
		"repeated Get":      {0, func() { _, _ = scope.Get[*handler](s) }},
		"repeated, of Func": {0, func() { _, _ = scope.Get[*a](s) }},
		"Get of singleton":  {0, func() { _, _ = scope.Get[*db](s) }},
		"Get of context":    {0, func() { _, _ = scope.Get[context.Context](s) }},
		"repeated GetNamed": {0, func() { _, _ = scope.GetNamed[*tx](s, "") }},
		"Run":               {0, func() { _ = f.Run(ctx, func(*db) error { return nil }) }},
		"Run of nothing":    {0, func() { _ = f.Run(ctx, func() {}) }},
		"Do":                {0, func() { _ = scope.Do(ctx, f, func(context.Context, *db) error { return nil }) }},
		"Do with a value":   {0, func() { _ = scope.Do(ctx, f, func(context.Context, *db) error { return nil }, given) }},
		"From":              {0, func() { _, _ = scope.From(carrying) }},
	} {
		if got := testing.AllocsPerRun(100, test.run); got != test.want {
			t.Errorf("%s: %v allocations, want %v", name, got, test.want)
		}
	}
	f = start(t, standard())
	// The scope, its slots, and the three values; a plan needs the values only.
	if got := testing.AllocsPerRun(100, func() {
		s := f.New(ctx)
		_, _ = scope.Get[*handler](s)
		_ = s.Close(ctx)
	}); got < 3 || got > 5 {
		t.Errorf("%v allocations for three values in a scope", got)
	}
	if got := testing.AllocsPerRun(100, func() { _ = f.Run(ctx, func(*handler) error { return nil }) }); got != 3 {
		t.Errorf("%v allocations for three values in a plan", got)
	}
}
