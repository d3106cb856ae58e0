package main

import "sync"

// Store has the notes of all tenants. It is a singleton.
type Store struct {
	mu    sync.Mutex
	notes map[Tenant]map[string]string
}

// NewStore returns an empty store.
func NewStore() *Store { return &Store{notes: map[Tenant]map[string]string{}} }

// Notes are those of one tenant. They are scoped: whoever has them cannot ask for
// those of another.
type Notes struct {
	tenant Tenant
	store  *Store
	trail  *Trail
}

// NewNotes is called once in each request that needs them.
func NewNotes(tenant Tenant, store *Store, trail *Trail) *Notes {
	return &Notes{tenant: tenant, store: store, trail: trail}
}

// Read returns a note; false if there is none of that name.
func (n *Notes) Read(name string) (string, bool) {
	n.store.mu.Lock()
	defer n.store.mu.Unlock()
	n.trail.Did("read")
	text, ok := n.store.notes[n.tenant][name]
	return text, ok
}

// Write keeps a note.
func (n *Notes) Write(name, text string) {
	n.store.mu.Lock()
	defer n.store.mu.Unlock()
	n.trail.Did("write")
	if n.store.notes[n.tenant] == nil {
		n.store.notes[n.tenant] = map[string]string{}
	}
	n.store.notes[n.tenant][name] = text
}
