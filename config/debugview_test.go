package config_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/fxhost/fxhost/config"
)

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

func TestNothingOfTheInputReachesTheTerminalUnescaped(t *testing.T) {
	t.Parallel()
	const nasty = "a\x1b[31m\nb\u202e"
	m := load(t, config.Map(map[string]any{nasty: "v\x1b", "W": map[string]any{nasty: 1}}), config.Func("s\n", func() (map[string]any, error) {
		return map[string]any{"X": "y"}, nil
	}))
	wantView := `a\x1b[31m\nb\u202e = "v\x1b" (memory)` + "\n" + `W:a\x1b[31m\nb\u202e = 1 (memory)` + "\n" + `X = "y" (s\n)` + "\n"
	if got := m.DebugView(); got != wantView {
		t.Errorf("shows %q", got)
	}
	wantError(t, m.Bind("W", &struct{ A int }{}), `config: W:a\x1b[31m\nb\u202e: unknown key (memory)`)
	_, err := config.New(config.Map(map[string]any{"a\x1b": 1, "A\x1b": 1}))
	wantError(t, err, `config: memory: A\x1b and a\x1b are the same key; keep one`)
	for name, content := range map[string]string{
		"a.toml": "\"a\\u001b\" = 1\n\"a\\u001b\" = 2", "b.toml": "\x1b = 1", "a.json": `{"a\u001b": 1, "a\u001b": 2}`, "a.yaml": "\"a\\e\": 1\n\"A\\e\": 2",
	} {
		_, err := config.New(config.File(writeFile(t, filepath.Join(t.TempDir(), name), content)))
		if err == nil || strings.ContainsAny(err.Error(), "\x1b\n") || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s: %q", name, err)
		}
	}
}
