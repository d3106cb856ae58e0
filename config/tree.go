package config

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// node is one key of a snapshot. As in .NET it may have a value and children.
type node struct {
	path     string           // the whole key, as it was first written
	folded   string           // its last name, folded
	index    int              // of an item of a list, -1 for another name
	value    any              // string, bool, json.Number, emptyList, emptySection; nil if there is none
	from     origin           // where value came from
	declared bool             // to be secret, by the type that is read from it
	below    *entry           // the last value that is no empty variable, if this is one
	children map[string]*node // by folded name
}

func newRoot() *node { return &node{value: emptySection{}} }

// newTree lays the entries of layers over each other.
func newTree(layers []layer) *node {
	root := newRoot()
	for _, l := range layers {
		for i := range l.entries {
			root.set(&l.entries[i])
		}
	}
	root.prune()
	return root
}

// name is the last one of the key.
func (n *node) name() string { return n.path[strings.LastIndex(n.path, delimiter)+1:] }

// set gives the value of e to the node at its key, made if need be.
func (n *node) set(e *entry) {
	for start := 0; start <= len(e.key); {
		end := len(e.key)
		if i := strings.IndexByte(e.key[start:], delimiter[0]); i >= 0 {
			end = start + i
		}
		folded := fold(e.key[start:end])
		child := n.children[folded]
		if child == nil {
			child = &node{path: e.key[:end], folded: folded, index: listIndex(folded)} // shares the text: a deep key is stored once
			if start > 0 && n.path != e.key[:start-len(delimiter)] {
				child.path = join(n.path, e.key[start:end]) // first written in another case
			}
			if n.children == nil {
				n.children = map[string]*node{}
			}
			n.children[folded] = child
		}
		n, start = child, end+len(delimiter)
	}
	if n.value != nil && !n.isEmptyVariable() {
		n.below = &entry{key: e.key, value: n.value, from: n.from}
	}
	if n.value, n.from = e.value, e.from; !n.isEmptyVariable() {
		n.below = nil
	}
}

// isEmptyVariable tells whether the value is that of an empty variable of the
// environment: as LIMIT=${LIMIT:-} of a compose file it means that there is none.
func (n *node) isEmptyVariable() bool { return n.value == "" && n.from.source == environmentName }

// orBelow is the node itself, or what an empty variable lies over, or nil. Only
// texts can be empty.
func (n *node) orBelow(t reflect.Type) *node {
	if t.Kind() == reflect.String || t.Kind() == reflect.Interface || !n.isEmptyVariable() || len(n.children) > 0 {
		return n
	}
	if n.below == nil {
		return nil
	}
	return &node{path: n.path, folded: n.folded, index: n.index, value: n.below.value, from: n.below.from, declared: n.declared}
}

// listIndex is the index that a name is, or -1.
func listIndex(name string) int {
	if name == "" || name[0] < '0' || name[0] > '9' {
		return -1
	}
	if i, err := strconv.Atoi(name); err == nil {
		return i
	}
	return -1
}

// prune removes what a null has left without a value.
func (n *node) prune() {
	for name, c := range n.children {
		c.prune()
		if c.value == nil && len(c.children) == 0 {
			delete(n.children, name)
		}
	}
}

// find returns the node at key, nil if there is none; "" is n itself.
func (n *node) find(key string) *node {
	if key == "" {
		return n
	}
	for name := range strings.SplitSeq(key, delimiter) {
		if n = n.children[fold(name)]; n == nil {
			return nil
		}
	}
	return n
}

// sorted returns the children: list indexes in order, then names.
func (n *node) sorted() []*node {
	return slices.SortedFunc(maps.Values(n.children), func(a, b *node) int {
		if (a.index < 0) != (b.index < 0) {
			return cmp.Compare(b.index, a.index)
		}
		return cmp.Or(cmp.Compare(a.index, b.index), cmp.Compare(a.folded, b.folded))
	})
}

// names are those of the children, in order.
func (n *node) names() []string {
	var names []string
	for _, c := range n.sorted() {
		names = append(names, c.name())
	}
	return names
}

// same tells whether two nodes have the same values below the same names.
func same(a, b *node) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.path != b.path || a.value != b.value || len(a.children) != len(b.children) {
		return false
	}
	for name, c := range a.children {
		if !same(c, b.children[name]) {
			return false
		}
	}
	return true
}

// each calls f for the nodes that have a value, in order.
func (n *node) each(f func(*node)) {
	if n.value != nil && n.path != "" {
		f(n)
	}
	for _, c := range n.sorted() {
		c.each(f)
	}
}

// origin is where the value came from, or the first value below.
func (n *node) origin() origin {
	for n.from.source == "" && len(n.children) > 0 {
		n = n.sorted()[0]
	}
	return n.from
}

// text returns the text of a value; ok is false if it has none.
func text(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	default:
		return "", false
	}
}

// plain returns the value as Go has it: string, bool, int64, float64, []any or
// map[string]any with the keys as they were written. Children win over a value.
func (n *node) plain() any {
	if len(n.children) == 0 {
		switch v := n.value.(type) {
		case emptyList:
			return []any{}
		case emptySection:
			return map[string]any{}
		case json.Number:
			if i, err := v.Int64(); err == nil {
				return i
			}
			f, _ := v.Float64() // infinite beyond the range
			return f
		default:
			return v
		}
	}
	if !n.isList() {
		return n.object()
	}
	list := []any{}
	for _, c := range n.sorted() {
		list = append(list, c.plain())
	}
	return list
}

func (n *node) object() map[string]any {
	m := make(map[string]any, len(n.children))
	for _, c := range n.children {
		m[c.name()] = c.plain()
	}
	return m
}

// isList tells whether the children are 0, 1, 2, ... without a gap.
func (n *node) isList() bool {
	for i := range len(n.children) {
		if n.children[strconv.Itoa(i)] == nil {
			return false
		}
	}
	return len(n.children) > 0
}
