package queue

// ring is a list of messages by their place.
type ring struct {
	buffer []*memoryMessage // as long as a power of two
	start  int
	len    int
}

func (r *ring) at(i int) **memoryMessage { return &r.buffer[(r.start+i)&(len(r.buffer)-1)] }

func (r *ring) first() *memoryMessage { return *r.at(0) }

func (r *ring) push(m *memoryMessage) {
	r.grow()
	r.len++
	*r.at(r.len - 1) = m
}

func (r *ring) pop() *memoryMessage {
	at := r.at(0)
	m := *at
	*at = nil
	r.start++
	r.len--
	return m
}

// insert puts m, which was handed out before, where its place is: near the start.
func (r *ring) insert(m *memoryMessage) {
	r.grow()
	r.start += len(r.buffer) - 1 // one back
	r.len++
	i := 0
	for ; i+1 < r.len && (*r.at(i + 1)).place < m.place; i++ {
		*r.at(i) = *r.at(i + 1)
	}
	*r.at(i) = m
}

// grow makes room for one more.
func (r *ring) grow() {
	r.start &= len(r.buffer) - 1
	if r.len < len(r.buffer) {
		return
	}
	larger := make([]*memoryMessage, max(16, 2*len(r.buffer)))
	for i := range r.len {
		larger[i] = *r.at(i)
	}
	r.buffer, r.start = larger, 0
}

// delayedMessages is a heap by the time at which they are ready, then by place.
type delayedMessages []*memoryMessage

func (h delayedMessages) Len() int      { return len(h) }
func (h delayedMessages) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h delayedMessages) Less(i, j int) bool {
	if h[i].since.Equal(h[j].since) {
		return h[i].place < h[j].place
	}
	return h[i].since.Before(h[j].since)
}
func (h *delayedMessages) Push(m any) { *h = append(*h, m.(*memoryMessage)) } //nolint:forcetypeassert // by the heap's use

func (h *delayedMessages) Pop() any {
	last := len(*h) - 1
	m := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return m
}
