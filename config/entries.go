package config

import (
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxhost/fxhost/internal/printable"
	"github.com/fxhost/fxhost/internal/settingsfile"
)

// entry is one value of a source with its whole key; see [settingsfile.Entry] for
// what values there are.
type entry struct {
	key   string
	value any
	from  origin
}

type (
	emptyList    = settingsfile.EmptyList
	emptySection = settingsfile.EmptySection
)

const (
	delimiter = settingsfile.Delimiter
	maxDepth  = settingsfile.MaxDepth
)

// origin is where a value came from.
type origin struct {
	source string // its Name, "" if there is no value
	line   int    // of a file, 0 if it is not known
	secret bool   // all values of the source are
}

func fold(key string) string { return strings.ToLower(key) }

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + delimiter + name
}

// flatten lists values that code has given, in the order of their keys. Two keys
// that differ only in case are an error: one of them would be lost.
func flatten(values map[string]any) ([]entry, error) {
	f := &flattener{entries: []entry{}, seen: map[string]string{}}
	if len(values) == 0 {
		return f.entries, nil
	}
	err := f.add("", reflect.ValueOf(values))
	return f.entries, err
}

type flattener struct {
	entries []entry
	seen    map[string]string // folded key to key
}

// add takes a value apart.
func (f *flattener) add(key string, v reflect.Value) error {
	for v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		return f.set(key, nil)
	}
	switch value := v.Interface().(type) {
	case json.Number:
		return f.set(key, value)
	case time.Duration:
		return f.set(key, value.String())
	case encoding.TextMarshaler:
		text, err := value.MarshalText()
		if err != nil {
			return fmt.Errorf("%s: %w", printable.Text(key), err)
		}
		return f.set(key, string(text))
	}
	switch {
	case v.Kind() == reflect.Map && v.Len() > 0:
		return f.section(key, v)
	case v.Kind() == reflect.Map:
		return f.set(key, emptySection{})
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		return f.list(key, v)
	case v.Kind() == reflect.String:
		return f.set(key, v.String())
	case v.Kind() == reflect.Bool:
		return f.set(key, v.Bool())
	case v.CanInt(), v.CanUint(), v.CanFloat():
		number, err := json.Marshal(v.Interface()) // no infinity, no NaN
		if err != nil {
			return fmt.Errorf("%s: %v is not a number", printable.Text(key), v)
		}
		return f.set(key, json.Number(number))
	default:
		return fmt.Errorf("%s: a %s is not a setting", printable.Text(key), v.Type())
	}
}

func (f *flattener) section(key string, m reflect.Value) error {
	if err := checkDepth(key); err != nil {
		return err // before it goes deeper
	}
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	written := map[string]string{}
	for _, k := range keys {
		child := join(key, fmt.Sprint(k))
		if other, ok := written[fold(child)]; ok {
			return sameKey(other, child)
		}
		written[fold(child)] = child
		if err := f.add(child, m.MapIndex(k)); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattener) list(key string, l reflect.Value) error {
	if l.Len() == 0 {
		return f.set(key, emptyList{})
	}
	if err := checkDepth(key); err != nil {
		return err
	}
	for i := range l.Len() {
		if err := f.add(join(key, strconv.Itoa(i)), l.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattener) set(key string, value any) error {
	if other, ok := f.seen[fold(key)]; ok {
		return sameKey(other, key)
	}
	if err := checkDepth(key); err != nil {
		return err
	}
	f.seen[fold(key)] = key
	f.entries = append(f.entries, entry{key: key, value: value})
	return nil
}

func checkDepth(key string) error {
	if strings.Count(key, delimiter) < maxDepth {
		return nil
	}
	return fmt.Errorf("%s:...: nested too deep; a key may have %d names",
		printable.Text(strings.Join(strings.SplitN(key, delimiter, 4)[:3], delimiter)), maxDepth)
}

func sameKey(a, b string) error {
	return fmt.Errorf("%s and %s are the same key; keep one", printable.Text(a), printable.Text(b))
}

// asMap is entries as [Source.Load] returns them.
func asMap(entries []entry) map[string]any {
	if entries == nil {
		return nil
	}
	values := make(map[string]any, len(entries))
	for _, e := range entries {
		switch e.value.(type) {
		case emptyList:
			values[e.key] = []any{}
		case emptySection:
			values[e.key] = map[string]any{}
		default:
			values[e.key] = e.value
		}
	}
	return values
}

// lastWins collects the texts of a source that may repeat a key: the last one
// stays.
type lastWins struct {
	entries []entry
	index   map[string]int // by folded key
}

func newLastWins() *lastWins { return &lastWins{entries: []entry{}, index: map[string]int{}} }

func (l *lastWins) set(key string, value any) {
	folded := fold(key)
	i, ok := l.index[folded]
	if !ok {
		i = len(l.entries)
		l.index[folded] = i
		l.entries = append(l.entries, entry{})
	}
	l.entries[i] = entry{key: key, value: value}
}
