package config_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fxhost/fxhost/config"
)

func TestASectionIsAPartThatFollowsTheManager(t *testing.T) {
	t.Parallel()
	m := load(t, config.Map(map[string]any{"A:B:C": 1, "A:B:D": []int{1, 2}}))
	b := m.Section("a").Section("B")
	if b.Path() != "a:B" || !b.Exists() || b.Section("X").Exists() {
		t.Errorf("path %q", b.Path())
	}
	if value, ok := b.Get("C"); !ok || value != "1" {
		t.Errorf("C is %q, %v", value, ok)
	}
	if value, ok := b.Section("C").Get(""); !ok || value != "1" {
		t.Errorf("the value of C itself is %q, %v", value, ok)
	}
	if got := b.Children(); !slices.Equal(got, []string{"C", "D"}) {
		t.Errorf("children %q", got)
	}
	var target struct {
		C int
		D []int
	}
	if err := b.Bind(&target); err != nil || target.C != 1 || len(target.D) != 2 {
		t.Errorf("%+v, %v", target, err)
	}
	if err := m.Add(config.Map(map[string]any{"A:B:X": true})); err != nil || !b.Section("X").Exists() {
		t.Errorf("a section does not follow its Manager: %v", err)
	}
	if !m.Section("").Exists() || m.Section("").Section("A").Path() != "A" {
		t.Error("the whole is a section, too")
	}
}

func TestDebugViewShowsValuesWithTheirSourceAndNoSecret(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	secrets := filepath.Join(dir, "secrets")
	writeFile(t, filepath.Join(dir, "a.json"), "{\n \"A\": {\"B\": \"5s\", \"C\": 5, \"Password\": \"hunter2\"},\n \"L\": [], \"S\": {},\n"+
		" \"Url\": \"postgres://u:hunter2@h/d\", \"Long\": \""+strings.Repeat("x", 100)+"\", \"N\": null\n}")
	inner := load(t, config.Func("vault", func() (map[string]any, error) { return map[string]any{"Api-Key": "hunter2", "V": 1}, nil }))
	m := load(t, config.File(filepath.Join(dir, "a.json")),
		config.Environment("", []string{"A__B=7s", "TOKEN=hunter2"}), config.Chain(inner))
	_ = secrets
	want := `A:B = "7s" (environment)
A:C = 5 (a.json:2)
A:Password = *** (a.json:2)
Api-Key = *** (vault)
L = [] (a.json:3)
Long = "` + strings.Repeat("x", 80) + `..." (a.json:4)
S = {} (a.json:3)
TOKEN = *** (environment)
Url = *** (a.json:4)
V = 1 (vault)
`
	if got := m.DebugView(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAManagerIsASourceOfAnother(t *testing.T) {
	t.Parallel()
	source := &changeable{values: map[string]any{"A": 1, "L": []any{}, "F": 1.5}}
	inner := load(t, source)
	outer := load(t, config.Map(map[string]any{"B": 1, "L": "x"}), config.Chain(inner))
	wantGet(t, outer, "A", "1")
	wantGet(t, outer, "B", "1")
	wantGet(t, outer, "F", "1.5")
	if outer.Children("L") != nil {
		t.Error("an empty list was lost")
	}
	changes := 0
	outer.OnChange(func() { changes++ })
	source.set(t, inner, map[string]any{"A": 2})
	wantGet(t, outer, "A", "2")
	if changes != 1 {
		t.Errorf("%d changes", changes)
	}
	wantError(t, outer.Add(config.Chain(outer)), "config: a Manager cannot be a source of itself")
	wantError(t, outer.Add(nil), "config: source 1 is nil")
	// Two that are sources of each other come to rest.
	if err := inner.Add(config.Chain(outer)); err != nil {
		t.Fatal(err)
	}
	source.set(t, inner, map[string]any{"C": 1})
	wantGet(t, outer, "C", "1")
}
