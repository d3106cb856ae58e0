package scope

import (
	"math/bits"
	"reflect"
	"unsafe"
)

// typeID is what tells types apart: the address of their description, which is
// the word behind the interface table in a reflect.Type. As a key it needs no
// hashing of an interface, which would be most of what a Get costs.
type typeID uintptr

func idOf(t reflect.Type) typeID {
	return typeID((*[2]uintptr)(unsafe.Pointer(&t))[1])
}

// lookup finds nodes by type: a hash table with open addressing that is at most
// half full and never changes.
type lookup struct {
	entries []entry
	shift   uint8
}

type entry struct {
	id   typeID
	node *node
}

func newLookup(nodes map[key]*node) lookup {
	size := bits.Len(uint(2 * len(nodes)))
	l := lookup{entries: make([]entry, 1<<size), shift: uint8(64 - size)} //nolint:gosec // at most 64
	for k, n := range nodes {
		if k.name != "" {
			continue
		}
		i := l.start(idOf(k.t))
		for l.entries[i].node != nil {
			i = (i + 1) % len(l.entries)
		}
		l.entries[i] = entry{idOf(k.t), n}
	}
	return l
}

// start is where to look first: the upper bits of the product with an odd number
// near 2^64 divided by the golden ratio.
func (l *lookup) start(id typeID) int {
	return int(uint64(id) * 0x9e3779b97f4a7c15 >> l.shift) //nolint:gosec // less than the number of entries
}

// find returns nil if there is no node.
func (l *lookup) find(id typeID) *node {
	if len(l.entries) == 0 {
		return nil
	}
	for i := l.start(id); ; i = (i + 1) & (len(l.entries) - 1) {
		if e := &l.entries[i]; e.id == id || e.node == nil {
			return e.node
		}
	}
}
