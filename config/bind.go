package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
)

// BindOption changes what [Manager.Bind] accepts.
type BindOption interface{ apply(*binder) }

type bindOption func(*binder)

func (o bindOption) apply(b *binder) { o(b) }

// AllowUnknown lets Bind pass over keys that no field takes.
func AllowUnknown() BindOption {
	return bindOption(func(b *binder) { b.allowUnknown = true })
}

// Bind writes a section into what target points to, .NET's section.Bind; the
// section "" is the whole configuration. What the configuration does not have
// stays as it is in target, so a filled struct carries its own defaults; a list
// is replaced as a whole, and so is a map entry. Pointers and maps in target are
// replaced by copies, and what they led to stays as it was.
//
// Field names match keys in any case; a tag gives another name or leaves a field
// out:
//
//	Interval time.Duration `config:"every"`
//	Cache    *cache        `config:"-"`
//	Other    map[string]any `config:",remain"` // takes the unknown keys
//
// Fields of structs embedded by value are fields of the outer one. Maps have string keys
// and keep the case in which the keys were first written.
//
// Values are checked strictly. Strings, which are all that the environment and
// the command line have, are read as bool (true, false), number, time.Duration
// or by UnmarshalText; a number or bool is no string; a fraction is no integer;
// a duration has a unit. Keys that no field takes are refused, see
// [AllowUnknown]; only directly below the root they are passed over, since the
// environment is there.
//
// The error joins a [*KeyError] for each problem, in the order of their keys;
// target then holds what could be read. A section that does not exist is no
// error. Bind may run at the same time as any other method, but two calls must
// not share a target.
func (m *Manager) Bind(section string, target any, opts ...BindOption) error {
	if v := reflect.ValueOf(target); v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("config: bind %q: target must be a pointer that is not nil, got %T", section, target)
	}
	return bind(m.snapshot().root, section, target, opts)
}

func bind(root *node, section string, target any, opts []BindOption) error {
	n := root.find(section)
	if n == nil {
		return nil
	}

	b := &binder{}
	for _, o := range opts {
		o.apply(b)
	}
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result:     target,
		TagName:    "config",
		Squash:     true,
		DecodeHook: b.decode,
	})
	if err == nil {
		err = decoder.Decode(n)
	}
	if err != nil { // a target that mapstructure cannot handle; values are b's
		return fmt.Errorf("config: bind %q: %w", section, err)
	}
	return b.err()
}

// binder is the hook by which mapstructure, walking the target, reads nodes.
type binder struct {
	allowUnknown bool
	errs         []*KeyError
}

// decode gets each value before mapstructure. It turns a node into what the kind
// of target to needs, one level deep, so that every node comes by here with its
// key and source. A nil means that nothing is left to do.
func (b *binder) decode(from, to reflect.Value) (any, error) {
	n, ok := reflect.TypeAssert[*node](from)
	if !ok || to.Kind() == reflect.Pointer {
		return from.Interface(), nil // a key of a map, or what the pointer leads to comes next
	}
	if value, ok := text(n.value); ok && to.CanAddr() {
		if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](to.Addr()); ok {
			b.check(n, u.UnmarshalText([]byte(value)))
			return nil, nil
		}
	}
	switch to.Kind() {
	case reflect.Struct:
		return b.section(n, to), nil
	case reflect.Map:
		return b.entries(n, to), nil
	case reflect.Slice, reflect.Array:
		return b.list(n, to), nil
	case reflect.Interface:
		if to.NumMethod() == 0 {
			to.Set(reflect.ValueOf(n.plain()))
			return nil, nil
		}
		b.check(n, fmt.Errorf("cannot bind a %s", to.Type()))
		return nil, nil
	default:
		b.check(n, assign(to, n))
		return nil, nil
	}
}

// section returns the children for a struct, those that no field takes reported.
func (b *binder) section(n *node, to reflect.Value) any {
	if !b.isSection(n) {
		return nil
	}
	ownFields(to, n)
	names, remain := fieldNames(to)
	strict := !b.allowUnknown && !remain && n.path != ""
	values := make(map[string]any, len(n.children))
	for _, c := range n.sorted() {
		values[c.name()] = c
		if strict && !slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(name, c.name()) }) {
			e := c.problem(ErrUnknownKey)
			if name := nearest(c.name(), names); name != "" {
				e.Hint = fmt.Sprintf("did you mean %q?", name)
			}
			b.errs = append(b.errs, e)
		}
	}
	return values
}

// entries returns the children for a map.
func (b *binder) entries(n *node, to reflect.Value) any {
	if !b.isSection(n) {
		return nil
	}
	if to.Type().Key().Kind() != reflect.String {
		b.check(n, fmt.Errorf("cannot bind a %s: only maps with string keys", to.Type()))
		return nil
	}
	ownCopy(to)
	values := make(map[string]any, len(n.children))
	for _, c := range n.children {
		values[c.name()] = c
	}
	return values
}

// list returns the children for a slice or array, which it empties: a list is
// replaced, and the backing array of a default is not written to.
func (b *binder) list(n *node, to reflect.Value) any {
	if _, empty := n.value.(emptyList); !empty && len(n.children) == 0 {
		b.check(n, fmt.Errorf("want a list, with the keys %[1]s:0, %[1]s:1 and so on", n.path))
		return nil
	}
	values := make([]any, 0, len(n.children))
	for _, c := range n.sorted() {
		if _, err := strconv.ParseUint(c.name(), 10, 31); err != nil {
			b.errs = append(b.errs, c.problem(errors.New("want the index of a list")))
			continue
		}
		values = append(values, c)
	}
	if to.Kind() == reflect.Array && len(values) > to.Len() {
		b.errs = append(b.errs, n.problem(fmt.Errorf("want at most %d items, got %d", to.Len(), len(values))))
		return nil
	}
	to.SetZero()
	return values
}

// isSection reports a node that has only a value. The value is not shown: it
// may be a variable of the environment that happens to have this name.
func (b *binder) isSection(n *node) bool {
	_, isValue := text(n.value)
	if _, isList := n.value.(emptyList); (isValue || isList) && len(n.children) == 0 {
		if n.from.source == environmentName && !strings.Contains(n.path, ":") {
			return true // a variable that has this name by chance, such as LOGGING
		}
		b.errs = append(b.errs, n.problem(fmt.Errorf("want a section with keys, got %s", n.kind())))
		return false
	}
	return true
}

// check notes err, if any, as a problem of the value of n.
func (b *binder) check(n *node, err error) {
	if err == nil {
		return
	}
	e := n.problem(err)
	if s := (suggestion{}); errors.As(err, &s) {
		e.Err, e.Hint = s.rule, s.hint
	}
	_, ok := text(n.value)
	switch {
	case ok && n.isSecret():
		e.Value, e.Hint = "***", "" // which may hold the value
		if !errors.As(e.Err, new(rule)) {
			e.Err = errors.New("not a valid value") // the text of a foreign error may hold the value
		}
	case ok:
		e.Value = n.quoted()
	}
	b.errs = append(b.errs, e)
}

// problem is that of n, without its value.
func (n *node) problem(err error) *KeyError {
	from := n.origin()
	return &KeyError{Key: n.path, Source: from.source, Line: from.line, Err: err}
}

func (b *binder) err() error {
	slices.SortStableFunc(b.errs, func(x, y *KeyError) int { return cmp.Compare(fold(x.Key), fold(y.Key)) })
	errs := make([]error, len(b.errs))
	for i, e := range b.errs {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// fieldNames returns the keys that mapstructure will look for in a struct, and
// whether a field takes all others.
func fieldNames(v reflect.Value) (names []string, remain bool) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, option, _ := strings.Cut(field.Tag.Get("config"), ",")
		value := v.Field(i)
		if value.Kind() == reflect.Pointer {
			value = value.Elem()
		}
		switch {
		case value.Kind() == reflect.Struct && (field.Anonymous || option == "squash"):
			inner, innerRemain := fieldNames(value)
			names, remain = append(names, inner...), remain || innerRemain
		case option == "remain":
			remain = true
		case field.IsExported() && name != "-":
			names = append(names, cmp.Or(name, field.Name))
		}
	}
	return names, remain
}
