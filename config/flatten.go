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
)

// entry is one value of a source with its whole key. The value is a string, a
// bool, a json.Number, an emptyList, an emptySection, or nil for a null.
type entry struct {
	key   string
	value any
	from  origin
}

type (
	emptyList    struct{} // [] in a file
	emptySection struct{} // {} in a file
)

// maxDepth is how many names a key may have. Each makes a map, so that a long
// chain of them costs far more than the text of the file.
const maxDepth = 100

// flatten lists the values of one source in the order of their keys. Two keys
// that differ only in case are an error: one of them would be lost.
func flatten(d decoded) ([]entry, error) {
	if len(d.values) == 0 {
		return []entry{}, nil
	}
	f := &flattener{seen: make(map[string]string, len(d.lines)), lines: d.lines}
	err := f.add("", d.values)
	return f.entries, err
}

type flattener struct {
	entries []entry
	seen    map[string]string // folded key to key
	lines   map[string]int
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
			return f.wrong(key, err)
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
			return f.wrong(key, fmt.Errorf("%v is not a number", value))
		}
		return f.set(key, json.Number(number))
	default:
		return f.wrong(key, fmt.Errorf("a %T is not a setting", value))
	}
}

func (f *flattener) section(key string, m reflect.Value) error {
	if m.Len() == 0 {
		return f.set(key, emptySection{})
	}
	if err := f.checkDepth(key); err != nil {
		return err // before it goes deeper
	}
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	})
	written := map[string]string{}
	for _, k := range keys {
		child := join(key, fmt.Sprint(k))
		if other, ok := written[fold(child)]; ok {
			return f.sameKey(other, child)
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
	if err := f.checkDepth(key); err != nil {
		return err
	}
	for i := range l.Len() {
		if err := f.add(item(key, i), l.Index(i).Interface()); err != nil {
			return err
		}
	}
	return nil
}

func (f *flattener) set(key string, value any) error {
	if other, ok := f.seen[fold(key)]; ok {
		return f.sameKey(other, key)
	}
	if err := f.checkDepth(key); err != nil {
		return err
	}
	f.seen[fold(key)] = key
	f.entries = append(f.entries, entry{key: key, value: value, from: origin{line: f.line(key)}})
	return nil
}

func (f *flattener) checkDepth(key string) error {
	if strings.Count(key, delimiter) < maxDepth {
		return nil
	}
	return f.wrong(key, fmt.Errorf("nested too deep; a key may have %d names", maxDepth))
}

// wrong says where something is wrong.
func (f *flattener) wrong(key string, err error) error {
	line := f.line(key)
	if names := strings.SplitN(key, delimiter, 4); strings.Count(key, delimiter) >= maxDepth {
		key = strings.Join(names[:3], delimiter) + delimiter + "..."
	}
	if line > 0 {
		key = fmt.Sprintf("line %d: %s", line, key)
	}
	return fmt.Errorf("%s: %w", key, err)
}

// line is that of a key or of the nearest one above it.
func (f *flattener) line(key string) int {
	for {
		if line := f.lines[key]; line > 0 {
			return line
		}
		i := strings.LastIndex(key, delimiter)
		if i < 0 {
			return 0
		}
		key = key[:i]
	}
}

func (f *flattener) sameKey(a, b string) error {
	if la, lb := f.line(a), f.line(b); la > 0 && lb > 0 {
		return fmt.Errorf("line %d: %s and line %d: %s are the same key; keep one", la, a, lb, b)
	}
	return fmt.Errorf("%s and %s are the same key; keep one", a, b)
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + delimiter + name
}

// item is the key of an item of a list.
func item(list string, i int) string { return join(list, strconv.Itoa(i)) }

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
