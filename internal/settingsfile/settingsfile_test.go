package settingsfile_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/subosito/gotenv"
	"github.com/tidwall/jsonc"
	"go.yaml.in/yaml/v3"

	"github.com/fxhost/fxhost/internal/settingsfile"
)

// flat lists what a parser made of a text, as entries are.
func flat(to map[string]any, key string, value any) {
	join := func(name any) string { return strings.TrimPrefix(key+":"+fmt.Sprint(name), ":") }
	switch v := value.(type) {
	case map[string]any:
		if len(v) == 0 && key != "" {
			to[key] = settingsfile.EmptySection{}
		}
		for name, child := range v {
			flat(to, join(name), child)
		}
	case map[any]any:
		if len(v) == 0 {
			to[key] = settingsfile.EmptySection{}
		}
		for name, child := range v {
			flat(to, join(name), child)
		}
	case []any:
		if len(v) == 0 {
			to[key] = settingsfile.EmptyList{}
		}
		for i, child := range v {
			flat(to, join(i), child)
		}
	case int, int64, uint64, float64:
		b, _ := json.Marshal(v)
		to[key] = json.Number(b)
	case time.Time:
		b, _ := v.MarshalText()
		to[key] = string(b)
	case fmt.Stringer: // local dates of TOML, numbers of JSON
		to[key] = v.String()
		if n, ok := v.(json.Number); ok {
			to[key] = n
		}
	default:
		to[key] = v
	}
}

func entries(t *testing.T, extension, text string) (map[string]any, error) {
	t.Helper()
	list, err := settingsfile.Parse(extension, []byte(text))
	got := map[string]any{}
	lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
	for _, e := range list {
		if _, twice := got[e.Key]; twice || e.Line < 1 || e.Line > lines {
			t.Errorf("%q: entry %+v", text, e)
		}
		got[e.Key] = e.Value
	}
	return got, err
}

// ambiguous texts have keys that are the same to us and not to the parser.
func ambiguous(err error) bool {
	for _, text := range []string{"are the same key", "nested too deep", "may have", "second document", "is not a number", "cannot decode", "must be a single value", "UTF-"} {
		if err != nil && strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}

// agree compares what we read with what the usual parser of a format reads.
func agree(t *testing.T, text string, got map[string]any, err error, want map[string]any, wantErr error) {
	t.Helper()
	switch {
	case ambiguous(err):
	case (err == nil) != (wantErr == nil):
		t.Errorf("%q:\nerror %v\nwant  %v", text, err, wantErr)
	case err == nil && !reflect.DeepEqual(got, want):
		t.Errorf("%q:\nhave %v\nwant %v", text, got, want)
	}
}

func FuzzTOML(f *testing.F) {
	for _, seed := range []string{
		"A = 1\nB = 'x'\n[T]\nC = [1, 2]\n[[L]]\nD.E = 1.5\n[[L]]\n[L.S]\nF = {G = true}\n",
		"a.b = 1\n[a]\nc = 1", "[a]\nb.c = 1\n[a.b]", "[a]\nb.c = 1\n[a.b.d]\ne=1", "[a.b]\n[a]\nb.c = 1", "[a.b.c]\n[a]\nb.d = 1",
		"[[a]]\n[a]", "[a]\n[[a]]", "a = []\n[[a]]", "a = {b = 1}\na.c = 2", "a = {b.c = 1, b.d = 2}", "a = {b = 1, b = 2}",
		"d = 2020-02-30", "d = 0000-01-01 0:00:00", "d = 2020-01-01T01:02:03.5+01:00", "d = 2020-02-28 10:00:00Z\ne = 10:00:00.5\nf = 2020-01-01T01:02:03\ng = 2020-01-01t01:02:03z",
		"i = 1_000\nj = 0x_1\nk = 012\nl = +1", "f = 1_0.0_1e1_0\ng = inf", "a = [[1], [{b = 1}]]\n[c]\n[d]\n", "\"a b\".'c.d' = 1",
		"a = [{b = 1}, {b = 2}]\n[a.c]", "[a]\n[b]\n[a]", "[[a]]\nb.c = 1\n[[a]]\nb.c = 1", "[[a.b]]\n[a]\nc = 1", "[a]\nb = 1\n[a.b]", "x = 9223372036854775808",
		"[[a]]\n[a.b]\n[[a]]\n[a.b]\n", "a = 1\n[a.b]", "i = 0b11\nj = 0o17\nk=0xfF", "m = 1e400", "s = \"\"\"\nx\\\n  y\"\"\"\nt = '''z'''",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := entries(t, ".toml", text)
		var tree map[string]any
		wantErr := toml.Unmarshal([]byte(text), &tree)
		want := map[string]any{}
		flat(want, "", tree)
		agree(t, text, got, err, want, wantErr)
	})
}

func FuzzYAML(f *testing.F) {
	for _, seed := range []string{
		"A: 1\nB: [x, {C: 2.5}, []]\nD: {}\nE: ~\nF: |\n  text\n", "a: &x {b: 1}\nc: *x\nd:\n  <<: *x\n  e: 2\n", "a: &x [1]\nb: [*x, *x]",
		"x: &a {p: 1}\ny: &b {p: 2, q: 3}\nz: {<<: [*a, *b], q: 4}", "a: yes\nb: 0x10\nc: 1e3\nd: 2020-01-01\ne: !!str 5\nf: !x y", "A: 1\nA: 2",
		"a: 1\n---\nb: 2", "- 1", "a: !!int x", "a: *b", "a: &a {<<: *a}", "a: &a [*a]", "", "# nothing", "null", "? [a]\n: 1", "a: 'it''s'\nb: \"\\u00e4\"",
		"404: gone\ntrue: x", "a: !!binary aGk=", "a: .inf", "<<: {a: 1}\nb: 2", "a: 18446744073709551615\nb: -1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := entries(t, ".yaml", text)
		var tree map[any]any
		decoder := yaml.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "\uFEFF")))
		wantErr := decoder.Decode(&tree)
		if errors.Is(wantErr, io.EOF) {
			wantErr = nil
		} else if wantErr == nil {
			if err := decoder.Decode(new(yaml.Node)); err != nil && !errors.Is(err, io.EOF) {
				wantErr = err // what yaml.Unmarshal does not look at
			}
		}
		for key := range tree {
			if _, ok := key.(string); !ok {
				return // is text as it is written here
			}
		}
		if wantErr != nil && strings.Contains(wantErr.Error(), "anchor") && err == nil {
			t.Errorf("%q: no error, want %v", text, wantErr)
		}
		if strings.Contains(text, "<<") || strings.Contains(text, "*") {
			return // a merged key of another case is ours only
		}
		want := map[string]any{}
		if len(tree) > 0 {
			flat(want, "", tree)
		}
		if hasOddKey(tree) {
			return
		}
		agree(t, text, got, err, want, wantErr)
	})
}

func hasOddKey(value any) bool {
	switch v := value.(type) {
	case map[any]any:
		for key, child := range v {
			if _, ok := key.(string); !ok || hasOddKey(child) {
				return true
			}
		}
	case map[string]any:
		for _, child := range v {
			if hasOddKey(child) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, hasOddKey)
	}
	return false
}

func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"A": 1, "B": {"C": [1.50, "x\n\u00e4", true, null, {}, []]}, "D:E": ""}`, `{}`, `[]`, `{"a": 1, "a": 2}`, `{"a": "b//c" /* d */, }`, `{"": 1}`, `{"a": [}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := entries(t, ".json", text)
		decoder := json.NewDecoder(strings.NewReader(string(jsonc.ToJSON([]byte(strings.TrimPrefix(text, "\uFEFF"))))))
		decoder.UseNumber()
		var tree map[string]any
		wantErr := decoder.Decode(&tree)
		if err != nil && (wantErr != nil || decoder.More() || strings.Contains(err.Error(), "twice") || strings.Contains(err.Error(), "root") ||
			strings.Contains(err.Error(), "UTF-") || strings.Contains(err.Error(), "after top-level")) {
			return
		}
		want := map[string]any{}
		flat(want, "", tree)
		agree(t, text, got, err, want, wantErr)
	})
}

func FuzzDotEnv(f *testing.F) {
	for _, seed := range []string{
		"A=1\nexport B='2 $A'\nC=\"x\\ny ${A}\" # z\n\n#D=\nE: 5\nF=a#b\nG=\\$A $A$\nH=\n", "A=\"x\ny\"\nB=1", "A='x\ny'\n", "A=${A}${A}\nA=${A}x",
		"no", "A b", "A=\"x", "=1", "A.B=1\nA__B=2", "A=1\r\nB=2\rC=3", "A=\"a\\\"b\"", "A=' x '",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := entries(t, ".env", text)
		if err != nil || strings.ContainsAny(text, "'\"\\{}") || strings.Contains(text, "__") || !plain(text) {
			return // what quotes mean differs in the corners
		}
		values, wantErr := gotenv.StrictParse(strings.NewReader(text))
		if wantErr != nil {
			return
		}
		want := map[string]any{}
		for name, value := range values {
			want[name] = value
		}
		agree(t, text, got, err, want, wantErr)
	})
}

// plain texts have no blanks but those that a keyboard has.
func plain(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r > '~' })
}

func TestDotEnvQuotes(t *testing.T) {
	t.Setenv("SETTINGSFILE_HOME", "/root")
	got, err := entries(t, ".env", strings.Join([]string{
		"A = 1 # one", "export B='a $A \\n'", `C="x\ny \"${A}\" \$A"`, "D=\"two", "lines\" # yes", "E: v", "F=", "G=a#b", `H='it\'s'`, "I=$SETTINGSFILE_HOME/x", "A=2", "J=$A",
	}, "\n"))
	want := map[string]any{
		"A": "2", "B": `a $A \n`, "C": "x\ny \"1\" $A", "D": "two\nlines", "E": "v", "F": "", "G": "a", "H": `it\'s`, "I": "/root/x", "J": "2",
	}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%v\n%q\n%q", err, got, want)
	}
	for text, want := range map[string]string{
		"A=1\nB":               "line 2: want NAME=value",
		"A\n=1":                "line 1: want NAME=value",
		"\nA=\"x\ny":           `line 2: the quote " is not closed`,
		"A='x' y":              "line 1: something follows the closing '",
		"A=1\n\nB=2\nC=3\nc=4": "line 4: C and line 5: c are the same key; keep one",
	} {
		if _, err := entries(t, ".env", text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestReadNamesTheFormatByTheExtension(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "a.YAML")
	if err := os.WriteFile(path, []byte("A: 1"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := settingsfile.Read(path)
	if err != nil || len(got) != 1 || got[0] != (settingsfile.Entry{Key: "A", Value: json.Number("1"), Line: 1}) {
		t.Errorf("%v, %v", got, err)
	}
}
