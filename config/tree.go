package config

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

const delimiter = ":"

// node is one key of a snapshot. As in .NET it may have a value and children.
type node struct {
	path     string           // the whole key, as it was first written
	value    any              // string, bool, json.Number, emptyList, emptySection; nil if there is none
	from     origin           // where value came from
	children map[string]*node // by folded name
}

// origin is where a value came from.
type origin struct {
	source string // its Name, "" if there is no value
	line   int    // of a file, 0 if it is not known
	secret bool   // all values of the source are
}

func newRoot() *node { return &node{value: emptySection{}} }

func fold(key string) string { return strings.ToLower(key) }

func (n *node) name() string {
	return n.path[strings.LastIndex(n.path, delimiter)+1:]
}

// set gives the value of e to the node at its key, made if need be.
func (n *node) set(e entry) {
	for start := 0; start <= len(e.key); {
		end := len(e.key)
		if i := strings.Index(e.key[start:], delimiter); i >= 0 {
			end = start + i
		}
		name := fold(e.key[start:end])
		child := n.children[name]
		if child == nil {
			child = &node{path: e.key[:end]} // shares the text: a deep key is stored once
			if start > 0 && n.path != e.key[:start-len(delimiter)] {
				child.path = join(n.path, e.key[start:end]) // first written in another case
			}
			if n.children == nil {
				n.children = map[string]*node{}
			}
			n.children[name] = child
		}
		n, start = child, end+len(delimiter)
	}
	n.value, n.from = e.value, e.from
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
		i, aErr := strconv.Atoi(a.name())
		j, bErr := strconv.Atoi(b.name())
		switch {
		case aErr == nil && bErr == nil && i != j:
			return cmp.Compare(i, j)
		case aErr == nil && bErr != nil:
			return -1
		case aErr != nil && bErr == nil:
			return 1
		default:
			return cmp.Compare(fold(a.name()), fold(b.name()))
		}
	})
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

// isSecret tells whether the value must not be shown.
func (n *node) isSecret() bool {
	value, _ := text(n.value)
	return n.from.secret || isSecret(n.path) || hasCredentials(value)
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
