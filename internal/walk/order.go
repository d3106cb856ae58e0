package walk

import "slices"

// Order puts each member behind those it comes [Member.After], and otherwise
// leaves the order as it is: members move back only, so that what they need stays
// in front of them. It returns a cycle if there is one.
func (w *Walk) Order() (cycle []*Member) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var (
		ordered []*Member
		chain   []*Member
		done    = map[*Member]bool{}
		waiting = map[*Member][]*Member{} // by whom they wait for
		visit   func(m *Member)
	)
	visit = func(m *Member) {
		for _, first := range m.After {
			if !done[first] {
				waiting[first] = append(waiting[first], m)
				return
			}
			m.layer = max(m.layer, first.layer+1)
		}
		done[m] = true
		ordered = append(ordered, m)
		for _, next := range waiting[m] {
			visit(next)
		}
	}
	for _, m := range w.members {
		visit(m)
	}
	if len(ordered) == len(w.members) {
		w.members = ordered
		return nil
	}
	// Who is left waits for somebody who is left.
	m := w.members[slices.IndexFunc(w.members, func(m *Member) bool { return !done[m] })]
	for !slices.Contains(chain, m) {
		chain = append(chain, m)
		m = m.After[slices.IndexFunc(m.After, func(first *Member) bool { return !done[first] })]
	}
	return chain[slices.Index(chain, m):]
}
