package scope

import "sync/atomic"

// chunk is a piece of the list of slots. A slot holds what one scoped constructor
// has made. A scope allocates the chunks that it needs.
type chunk struct {
	states [chunkSize]atomic.Uint32
	values [chunkSize]any                          // read one when its state is done
	views  *[chunkSize]Scope                       // for typed constructors, nil if none has a slot here
	more   atomic.Pointer[[]atomic.Pointer[chunk]] // the chunks behind the first, which has this list
}

const chunkSize = 4

// The states of a slot.
const (
	empty    uint32 = iota
	building        // by one goroutine, which has the arguments
	awaited         // by one goroutine, and others wait for it
	done
)

// chunkOf returns the chunk of the slot with number i, and its place in it.
func (c *core) chunkOf(i int) (*chunk, int) {
	piece := c.first.Load()
	if piece == nil {
		piece = c.graph.newChunk(0, &c.first)
	}
	if i < chunkSize {
		return piece, i
	}
	more := piece.more.Load()
	if more == nil {
		list := make([]atomic.Pointer[chunk], len(c.graph.typed)-1)
		if more = &list; !piece.more.CompareAndSwap(nil, more) {
			more = piece.more.Load()
		}
	}
	number := i / chunkSize
	at := &(*more)[number-1]
	if piece = at.Load(); piece == nil {
		piece = c.graph.newChunk(number, at)
	}
	return piece, i % chunkSize
}

// newChunk puts a chunk in place, unless somebody else has done so.
func (g *graph) newChunk(number int, at *atomic.Pointer[chunk]) *chunk {
	var piece *chunk
	if g.typed[number] {
		both := &struct {
			chunk
			views [chunkSize]Scope
		}{}
		piece, both.chunk.views = &both.chunk, &both.views
	} else {
		piece = &chunk{}
	}
	if at.CompareAndSwap(nil, piece) {
		return piece
	}
	return at.Load()
}

// view returns a view of s for the typed constructor of slot i, which nobody else
// is calling. Few constructors fail, so one that is called again gets another one.
func (piece *chunk) view(i int, s *Scope, maker *constructor) *Scope {
	view := &piece.views[i]
	if view.core != nil {
		view = &Scope{}
	}
	view.core, view.maker, view.parent = s.core, maker, s
	return view
}

// finish has a slot leave the state building, and wakes those who wait for that.
func (c *core) finish(slot *atomic.Uint32, state uint32) {
	if !slot.CompareAndSwap(building, state) {
		c.waiting.Load().finish(slot, state)
	}
}
