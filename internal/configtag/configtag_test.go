package configtag_test

import (
	"reflect"
	"testing"

	"github.com/fxhost/fxhost/internal/configtag"
)

type base struct{ A int }

type tagged struct {
	base
	*testing.T
	Plain   int
	Named   int            `config:"other"`
	Not     int            `config:"-"`
	Squash  base           `config:",squash"`
	Pointer *base          `config:",squash"`
	Rest    map[string]any `config:",remain"`
	Own     struct{ B int }
	hidden  int //nolint:unused // that is what is tried
}

type embedded struct {
	base `config:"base"`
}

func TestATagSaysWhatAFieldIs(t *testing.T) {
	t.Parallel()
	want := map[string]configtag.Field{
		"base":    {Name: "base", Squash: true},
		"T":       {Name: "T", Squash: true},
		"Plain":   {Name: "Plain"},
		"Named":   {Name: "other"},
		"Not":     {Name: "Not", Skip: true},
		"Squash":  {Name: "Squash", Squash: true},
		"Pointer": {Name: "Pointer", Squash: true},
		"Rest":    {Name: "Rest", Remain: true},
		"Own":     {Name: "Own"},
		"hidden":  {Name: "hidden", Skip: true},
	}
	for f := range reflect.TypeFor[tagged]().Fields() {
		if got, err := configtag.Of(f); err != nil || got != want[f.Name] {
			t.Errorf("%s is %+v, %v", f.Name, got, err)
		}
	}
	if got, err := configtag.Of(reflect.TypeFor[embedded]().Field(0)); err != nil || got.Squash || got.Name != "base" {
		t.Errorf("an embedded struct that is named is %+v, %v", got, err)
	}
}

func TestATagThatDoesNotFitIsAnError(t *testing.T) {
	t.Parallel()
	type wrong struct {
		A int            `config:",squash"`
		B []string       `config:",remain"`
		C int            `config:",omitempty"`
		d map[string]any `config:",remain"` //nolint:unused // that is what is tried
	}
	for f := range reflect.TypeFor[wrong]().Fields() {
		if got, err := configtag.Of(f); err == nil {
			t.Errorf("%s is %+v", f.Name, got)
		}
	}
}
