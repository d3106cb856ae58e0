package scope

import (
	"math/bits"
	"reflect"
)

// lookup finds nodes by type: a hash table with open addressing that is at most
// half full and never changes. A map would have to hash an interface, which is
// most of what a Get costs.
type lookup struct {
	entries []entry
	shift   uint8
}

type entry struct {
	id   uintptr // of the type, see idOf
	node *node
}

func newLookup(nodes map[reflect.Type]*node) *lookup {
	size := bits.Len(uint(2 * len(nodes)))
	l := &lookup{entries: make([]entry, 1<<size), shift: uint8(64 - size)} //nolint:gosec // at most 64
	for t, n := range nodes {
		i := l.start(idOf(t))
		for l.entries[i].node != nil {
			i = (i + 1) % len(l.entries)
		}
		l.entries[i] = entry{idOf(t), n}
	}
	return l
}

// start is where to look first: the upper bits of the product with an odd number
// near 2^64 divided by the golden ratio.
func (l *lookup) start(id uintptr) int {
	return int(uint64(id) * 0x9e3779b97f4a7c15 >> l.shift) //nolint:gosec // less than the number of entries
}

// find returns nil if there is no node.
func (l *lookup) find(t reflect.Type) *node {
	id := idOf(t)
	for i := l.start(id); ; i = (i + 1) & (len(l.entries) - 1) {
		if e := &l.entries[i]; e.id == id || e.node == nil {
			return e.node
		}
	}
}
