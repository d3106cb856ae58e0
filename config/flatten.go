package config

import (
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// entry is one value of a source with its whole key. The value is a string, a
// bool, a json.Number, an emptyList, an emptySection, or nil for a null.
type entry struct {
	key   string
	value any
}

type (
	emptyList    struct{} // [] in a file
	emptySection struct{} // {} in a file
)

// flatten lists the values of one source in the order of their keys. Two keys
// that differ only in case are an error: one of them would be lost.
func flatten(values map[string]any) ([]entry, error) {
	f := &flattener{seen: map[string]string{}}
	if len(values) == 0 {
		return nil, nil
	}
	return f.entries, f.add("", values)
}

type flattener struct {
	entries []entry
	seen    map[string]string // folded key to key
}

func (f *flattener) add(key string, value any) error {
	switch v := value.(type) {
	case nil:
		return f.set(key, nil)
	case json.Number:
		return f.set(key, v)
	case time.Duration:
		return f.set(key, v.String())
	case encoding.TextMarshaler: // a date in YAML or TOML
		text, err := v.MarshalText()
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		return f.set(key, string(text))
	}

	v := reflect.ValueOf(value)
	switch {
	case v.Kind() == reflect.Map:
		return f.section(key, v)
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		return f.list(key, v)
	case v.Kind() == reflect.String:
		return f.set(key, v.String())
	case v.Kind() == reflect.Bool:
		return f.set(key, v.Bool())
	case v.CanInt():
		return f.set(key, json.Number(strconv.FormatInt(v.Int(), 10)))
	case v.CanUint():
		return f.set(key, json.Number(strconv.FormatUint(v.Uint(), 10)))
	case v.CanFloat():
		number, err := json.Marshal(v.Float()) // no infinity, no NaN
		if err != nil {
			return fmt.Errorf("%s: %v is not a number", key, value)
		}
		return f.set(key, json.Number(number))
	default:
		return fmt.Errorf("%s: a %T is not a setting", key, value)
	}
}

func (f *flattener) section(key string, m reflect.Value) error {
	if m.Len() == 0 {
		return f.set(key, emptySection{})
	}
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	written := map[string]string{}
	for _, k := range keys {
		child := join(key, fmt.Sprint(k))
		if other, ok := written[fold(child)]; ok {
			return sameKey(other, child)
		}
		written[fold(child)] = child
		if err := f.add(child, m.MapIndex(k).Interface()); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattener) list(key string, l reflect.Value) error {
	if l.Len() == 0 {
		return f.set(key, emptyList{})
	}
	for i := range l.Len() {
		if err := f.add(join(key, strconv.Itoa(i)), l.Index(i).Interface()); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattener) set(key string, value any) error {
	if other, ok := f.seen[fold(key)]; ok {
		return sameKey(other, key)
	}
	f.seen[fold(key)] = key
	f.entries = append(f.entries, entry{key: key, value: value})
	return nil
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + delimiter + name
}

func sameKey(a, b string) error {
	return fmt.Errorf("%s and %s are the same key; keep one", a, b)
}

// lastWins collects flat values of a source that may repeat a key: the last
// value stays.
type lastWins struct {
	values map[string]any
	keys   map[string]string // folded key to the key in values
}

func newLastWins() lastWins {
	return lastWins{values: map[string]any{}, keys: map[string]string{}}
}

func (l lastWins) set(key, value string) {
	if other, ok := l.keys[fold(key)]; ok {
		delete(l.values, other)
	}
	l.keys[fold(key)] = key
	l.values[key] = value
}
