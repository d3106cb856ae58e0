package observe_test

import (
	"context"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/observe"
)

func TestWhoIsNotThereCostsNothing(t *testing.T) {
	ctx := t.Context()
	for name, all := range map[string]observe.Observers{"nobody": nil, "blind": {nil, {}}} {
		if n := testing.AllocsPerRun(100, func() {
			if got, end := all.BeginSend(ctx, observe.Send{}); got != ctx || end != nil {
				t.Error("somebody watches")
			}
			if got, end := all.BeginHandle(ctx, observe.Delivery{}); got != ctx || end != nil {
				t.Error("somebody watches")
			}
			if got, end := all.BeginRun(ctx, observe.Run{}); got != ctx || end != nil {
				t.Error("somebody watches")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

type spanKey struct{}

func TestObserversAreWithinOneAnother(t *testing.T) {
	t.Parallel()
	var notes []string
	observer := func(name string) fx.Option {
		return observe.Provide(func() (*observe.Observer, error) {
			return &observe.Observer{Run: func(ctx context.Context, _ observe.Run) (context.Context, func(observe.RunEnd)) {
				parent, _ := ctx.Value(spanKey{}).(string)
				return context.WithValue(ctx, spanKey{}, parent+"/"+name), func(observe.RunEnd) {
					notes = append(notes, "end of "+parent+"/"+name)
					panic("oops")
				}
			}}, nil
		})
	}
	var all observe.Observers
	app := fx.New(fx.NopLogger, observer("span"), observer("span"), observer("span"),
		fx.Invoke(func(in struct {
			fx.In
			All []*observe.Observer `group:"fxhost.observers"`
		},
		) {
			all = in.All
		}))
	if err := app.Err(); err != nil {
		t.Fatal(err)
	}
	ctx, end := all.BeginRun(t.Context(), observe.Run{})
	if got := ctx.Value(spanKey{}); got != "/span/span/span" {
		t.Errorf("the context is that of %v", got)
	}
	end(observe.RunEnd{})
	want := []string{"end of /span/span/span", "end of /span/span", "end of /span"}
	if len(notes) != 3 || notes[0] != want[0] || notes[1] != want[1] || notes[2] != want[2] {
		t.Errorf("got %q, want %q", notes, want)
	}
}
