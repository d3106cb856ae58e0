package config_test

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxhost/fxhost/config"
)

// A setting is the duration that time.ParseDuration reads; what is a number to Go
// but has no unit is refused, except for 0.
func FuzzDuration(f *testing.F) {
	for _, seed := range []string{"5s", "1m30s", "-1.5h", "0", "+0", "7", "0.5", "1e3", "Inf", "", "1 s", "5S", "2562048h", "1µs", "0x1p4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		target := struct{ Interval time.Duration }{Interval: 42}
		err := load(t, config.Map(map[string]any{"W:Interval": text})).Bind("W", &target)
		want, parseErr := time.ParseDuration(text)
		_, numberErr := strconv.ParseFloat(text, 64)
		switch {
		case parseErr == nil:
			if err != nil || target.Interval != want {
				t.Errorf("%q is %s, %v; want %s", text, target.Interval, err, want)
			}
			if numberErr == nil && want != 0 {
				t.Errorf("%q has no unit and is %s", text, want)
			}
		case err == nil || target.Interval != 42:
			t.Errorf("%q is %s, %v; want an error", text, target.Interval, err)
		case strings.Contains(err.Error(), "needs a unit") != (numberErr == nil):
			t.Errorf("%q: %v", text, err)
		}
	})
}

// The last source wins per key, in any case of its letters; adding the same once
// more changes nothing (CG-1).
func FuzzMerge(f *testing.F) {
	f.Add([]byte{}, []byte{})
	f.Add([]byte{0, 1, 64, 2, 0x93, 3}, []byte{32, 4, 0xb3, 5})
	f.Add([]byte{4, 7, 5, 9, 0x84, 1}, []byte{36, 0, 0xc5, 1, 0, 7})
	f.Add([]byte{1, 7, 2, 7}, []byte{1, 15, 2, 15})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		first, want := tree(a)
		second, values := tree(b)
		maps.Copy(want, values)
		maps.DeleteFunc(want, func(_ string, value any) bool { return value == nil })

		m := load(t, config.Map(first), config.Map(second))
		for range 2 {
			got := everything(m, "")
			if !maps.Equal(got, want) {
				t.Fatalf("%v and %v give\n%v, want\n%v", first, second, got, want)
			}
			for key, value := range want {
				wantGet(t, m, strings.ToUpper(key), value.(string))
			}
			stop := m.OnChange(func() { t.Error("the same once more is a change") })
			if err := m.Add(config.Map(second)); err != nil {
				t.Fatal(err)
			}
			stop()
		}
	})
}

// tree makes a source out of pairs of bytes, a key and a value, and lists its
// values by lower-case key. Keys are paths or nested, in different cases, and one
// may be above another.
func tree(pairs []byte) (source, values map[string]any) {
	source, values = map[string]any{}, map[string]any{}
	used := map[string]bool{} // paths that a value or a list has
	for i := 0; i+1 < len(pairs) && i < 100; i += 2 {
		key := pairs[i]
		root, rest := string('a'+rune(key&3)), ""
		for depth := range key >> 2 & 3 {
			rest += ":" + string('a'+rune(key>>(depth+4)&1))
		}
		inMap := rest != "" && key&128 != 0
		if inMap {
			root = "in" + root // a map beside a path of its name would be the same key
		}

		path := root + rest
		value := any(fmt.Sprint(pairs[i+1]))
		flat := map[string]any{path: value}
		switch pairs[i+1] % 8 {
		case 6:
			value = []string{"x", "y"}
			flat = map[string]any{path + ":0": "x", path + ":1": "y"}
		case 7:
			value, flat[path] = nil, nil
		}
		if used[path] || has(values, flat) {
			continue // an error within one source
		}
		used[path] = true
		maps.Copy(values, flat)

		if key&64 != 0 {
			root, rest = strings.ToUpper(root), strings.ToUpper(rest)
		}
		if !inMap {
			source[root+rest] = value
			continue
		}
		root = strings.ToLower(root)
		if source[root] == nil {
			source[root] = map[string]any{}
		}
		source[root].(map[string]any)[rest[1:]] = value
	}
	return source, values
}

func has(values, some map[string]any) bool {
	for key := range some {
		if _, ok := values[key]; ok {
			return true
		}
	}
	return false
}

// everything lists what a Manager has by lower-case key.
func everything(m *config.Manager, key string) map[string]any {
	all := map[string]any{}
	if value, ok := m.Get(key); ok {
		all[strings.ToLower(key)] = value
	}
	for _, name := range m.Children(key) {
		maps.Copy(all, everything(m, strings.TrimPrefix(key+":"+name, ":")))
	}
	return all
}
