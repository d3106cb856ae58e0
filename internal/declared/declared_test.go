package declared_test

import (
	"errors"
	"slices"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxhost/fxhost/internal/declared"
)

type value struct{}

// Whatever else is in the options, no function of the application is called.
func TestPortsCallsNothing(t *testing.T) {
	t.Parallel()
	made := func() *value { t.Error("a constructor was called"); return &value{} }
	logger := func(*value) fxevent.Logger { t.Error("a logger was made"); return fxevent.NopLogger }
	one, two := declared.Port{Name: "one", Key: "A:Urls"}, declared.Port{Name: "two", Key: "B:Urls", Default: "http://*:1"}
	for name, options := range map[string][]fx.Option{
		"plain":    {},
		"broken":   {fx.Error(errors.New("boom")), fx.Provide(made), fx.Invoke(func(string) {})},
		"recovers": {fx.RecoverFromPanics()},
		"logs":     {fx.WithLogger(logger), fx.Module("m", fx.WithLogger(logger))},
		"invokes":  {fx.Invoke(func(*value) { t.Error("an Invoke was called") }), fx.Decorate(func(v *value) *value { t.Error("decorated"); return v })},
	} {
		options = append([]fx.Option{fx.Provide(made), declared.Declare(one), fx.Module("m", fx.Module("n", declared.Declare(two)))}, options...)
		got, ok := declared.Ports(options...)
		if ok != (name != "broken") || ok && !slices.Equal(got, []declared.Port{one, two}) {
			t.Errorf("%s: %+v, %v", name, got, ok)
		}
	}
	if got, ok := declared.Ports(); len(got) != 0 || !ok {
		t.Errorf("%+v, %v", got, ok)
	}
}
