package outline_test

import (
	"errors"
	"slices"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxhost/fxhost/internal/outline"
)

type value struct{}

// Whatever else is in the options, no function of the application is called.
func TestOfCallsNothing(t *testing.T) {
	t.Parallel()
	made := func() *value { t.Error("a constructor was called"); return &value{} }
	logger := func(*value) fxevent.Logger { t.Error("a logger was made"); return fxevent.NopLogger }
	one, two := outline.Port{Name: "one", Key: "A:Urls"}, outline.Port{Name: "two", Key: "B:Urls", Default: "http://*:1"}
	for name, options := range map[string][]fx.Option{
		"plain":    {},
		"broken":   {fx.Error(errors.New("boom")), fx.Provide(made), fx.Invoke(func(string) {})},
		"recovers": {fx.RecoverFromPanics()},
		"logs":     {fx.WithLogger(logger), fx.Module("m", fx.WithLogger(logger))},
		"invokes":  {fx.Invoke(func(*value) { t.Error("an Invoke was called") }), fx.Decorate(func(v *value) *value { t.Error("decorated"); return v })},
	} {
		options = append([]fx.Option{fx.Provide(made), outline.DeclarePort(one), fx.Module("m", fx.Module("n", outline.DeclarePort(two)))}, options...)
		got, ok := outline.Of(options...)
		if ok != (name != "broken") || ok && !slices.Equal(got.Ports, []outline.Port{one, two}) {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
	if got, ok := outline.Of(); len(got.Ports) != 0 || !ok {
		t.Errorf("%+v, %v", got, ok)
	}
}
