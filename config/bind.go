package config

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fxhost/fxhost/internal/spelling"
)

// Bind writes a section into what target points to, like .NET's section.Bind; the
// section "" is the whole configuration. What the configuration does not have
// stays as it is in target, so what target already holds are the defaults. A list is
// replaced as a whole, and so is a map entry. Pointers and maps in target are
// replaced by copies; what they pointed to is not changed.
//
// Field names match keys in any case. A tag gives another name or leaves a field
// out:
//
//	Interval time.Duration  `config:"every"`
//	Cache    *cache         `config:"-"`
//	Common   common         `config:",squash"` // its fields are keys of this section
//	Other    map[string]any `config:",remain"` // takes the unknown keys
//
// Fields of embedded structs are fields of the outer one, unless a tag names the
// struct. Maps have string keys and keep the case in which the keys were first
// written.
//
// Values are checked strictly. Strings, which are all that the environment and the
// command line have, are read as bool (true, false), number, time.Duration,
// url.URL, []byte in base64, or by UnmarshalText. A number or bool is not a string,
// a fraction is not an integer, and a duration has a unit. An empty environment
// variable counts as not set unless the target is a string. A key that no field
// takes is an error, except directly below the root, where all environment variables
// are.
//
// The error joins a [*KeyError] for each problem, in the order of their keys;
// target then holds what could be read. A section that does not exist is not an
// error. Bind may run at the same time as any other method, but two calls must not
// share a target.
func (m *Manager) Bind(section string, target any) error {
	if v := reflect.ValueOf(target); v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("config: bind %q: target must be a pointer that is not nil, got %T", section, target)
	}
	b := newBinder(m.sections())
	m.asked.noteSection(section, reflect.TypeOf(target).Elem(), b)
	return b.bindSection(m.snapshot().root, section, target)
}

func (b *binder) bindSection(root *node, section string, target any) error {
	n := root.find(section)
	if n == nil {
		return nil
	}
	b.bind(n, reflect.ValueOf(target).Elem())
	if b.misuse != nil {
		return fmt.Errorf("config: bind %q: %w", section, b.misuse)
	}
	return b.err()
}

// binder writes nodes into Go values.
type binder struct {
	claimed sections // are known to somebody else
	fields  map[reflect.Type]*structFields
	errs    []*KeyError
	misuse  error // of a tag
}

func newBinder(claimed sections) *binder {
	return &binder{claimed: claimed, fields: map[reflect.Type]*structFields{}}
}

func (b *binder) bind(n *node, to reflect.Value) {
	if n = n.orBelow(to.Type()); n == nil {
		return // it is not set
	}
	if to.Kind() == reflect.Pointer {
		own(to)
		b.bind(n, to.Elem())
		return
	}
	if value, ok := text(n.value); ok {
		if u, ok := reflect.TypeAssert[encoding.TextUnmarshaler](to.Addr()); ok {
			b.check(n, u.UnmarshalText([]byte(value)))
			return
		}
	}
	if isValue(to.Type()) {
		b.check(n, assign(to, n))
		return
	}
	switch to.Kind() {
	case reflect.Struct:
		b.section(n, to)
	case reflect.Map:
		if b.isSection(n) {
			b.entries(n, slices.Collect(maps.Values(n.children)), to)
		}
	case reflect.Slice, reflect.Array:
		if _, ok := n.value.(string); ok && to.Type().Elem().Kind() == reflect.Uint8 && to.Kind() == reflect.Slice {
			b.check(n, assignBytes(to, n))
			return
		}
		b.list(n, to)
	case reflect.Interface:
		if to.NumMethod() > 0 {
			b.check(n, fmt.Errorf("cannot bind a %s", to.Type()))
			return
		}
		to.Set(reflect.ValueOf(n.plain()))
	default:
		b.check(n, assign(to, n))
	}
}

// own replaces a pointer or map by one to a copy. What a default leads to may be
// shared: by the next value that is made of it, and by the one before, which others
// are reading.
func own(to reflect.Value) {
	if to.Kind() == reflect.Pointer {
		c := reflect.New(to.Type().Elem())
		if !to.IsNil() {
			c.Elem().Set(to.Elem())
		}
		to.Set(c)
		return
	}
	c := reflect.MakeMapWithSize(to.Type(), to.Len())
	for key, value := range to.Seq2() {
		c.SetMapIndex(key, value)
	}
	to.Set(c)
}

// section writes the children into the fields of a struct. Those that no field
// takes are reported.
func (b *binder) section(n *node, to reflect.Value) {
	if !b.isSection(n) {
		return
	}
	fields := b.fieldsOf(to.Type())
	for _, f := range fields.keys {
		if c := n.children[f.folded]; c != nil {
			b.bind(c, f.in(to))
		}
	}
	if n.path == "" && fields.remain == nil {
		return
	}
	var others []*node
	for _, c := range n.children { // problems are put in order at the end
		if !fields.has(c.folded) {
			others = append(others, c)
		}
	}
	if fields.remain != nil && len(others) > 0 {
		b.entries(n, others, fields.remain.in(to))
		return
	}
	for _, c := range others {
		b.unknown(c, fields.names)
	}
}

// unknown reports a key that no field takes, unless another type is configured
// there; names are those of the fields.
func (b *binder) unknown(n *node, names []string) {
	if b.claimed.has(n.path) {
		return
	}
	if b.claimed.below(n.path) {
		for _, c := range n.sorted() {
			b.unknown(c, nil)
		}
		return
	}
	e := n.problem(ErrUnknownKey)
	if name := spelling.Nearest(n.name(), names); name != "" {
		e.Hint = fmt.Sprintf("did you mean %q?", name)
	}
	b.errs = append(b.errs, e)
}

// entries writes children into a map.
func (b *binder) entries(n *node, children []*node, to reflect.Value) {
	if to.Type().Key().Kind() != reflect.String {
		b.check(n, fmt.Errorf("cannot bind a %s: only maps with string keys", to.Type()))
		return
	}
	own(to)
	for _, c := range children {
		if c.orBelow(to.Type().Elem()) == nil {
			continue
		}
		value := reflect.New(to.Type().Elem()).Elem()
		b.bind(c, value)
		to.SetMapIndex(reflect.ValueOf(c.name()).Convert(to.Type().Key()), value)
	}
}

// list writes the children into a slice or array, which it empties: a list is
// replaced, and the backing array of a default is not written to.
func (b *binder) list(n *node, to reflect.Value) {
	if _, empty := n.value.(emptyList); !empty && len(n.children) == 0 {
		b.check(n, fmt.Errorf("want a list, with the keys %[1]s:0, %[1]s:1 and so on", n.path))
		return
	}
	var items []*node
	for _, c := range n.sorted() {
		if c.index < 0 {
			b.errs = append(b.errs, c.problem(errors.New("want the index of a list")))
			continue
		}
		if c.orBelow(to.Type().Elem()) != nil {
			items = append(items, c)
		}
	}
	if to.Kind() == reflect.Array && len(items) > to.Len() {
		b.errs = append(b.errs, n.problem(fmt.Errorf("want at most %d items, got %d", to.Len(), len(items))))
		return
	}
	if to.SetZero(); to.Kind() == reflect.Slice {
		to.Set(reflect.MakeSlice(to.Type(), len(items), len(items)))
	}
	for i, c := range items {
		b.bind(c, to.Index(i))
	}
}

// isSection reports a node that has only a value. The value is not shown: it
// may be a variable of the environment that happens to have this name.
func (b *binder) isSection(n *node) bool {
	_, isValue := text(n.value)
	if _, isList := n.value.(emptyList); (isValue || isList) && len(n.children) == 0 {
		if n.byChance() {
			return true
		}
		b.errs = append(b.errs, n.problem(fmt.Errorf("want a section with keys, got %s", n.kind())))
		return false
	}
	return true
}

// byChance tells whether a section is only a variable of the environment that has
// its name, such as LOGGING.
func (n *node) byChance() bool {
	return len(n.children) == 0 && n.from.source == environmentName && !strings.Contains(n.path, delimiter)
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
	case ok && n.masked() != "":
		e.Value, e.Hint = "***", "" // which may hold the value
		if !errors.As(e.Err, new(rule)) {
			e.Err = errors.New("not a valid value") // the text of a foreign error may hold the value
		}
	case ok:
		e.Value = n.quoted()
	}
	b.errs = append(b.errs, e)
}

func (b *binder) err() error {
	slices.SortStableFunc(b.errs, func(x, y *KeyError) int { return cmp.Compare(fold(x.Key), fold(y.Key)) })
	errs := make([]error, len(b.errs))
	for i, e := range b.errs {
		errs[i] = e
	}
	return errors.Join(errs...)
}
