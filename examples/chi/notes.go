package main

import "sync"

// Store holds the notes of all tenants. It is a singleton.
type Store struct {
	mu    sync.Mutex
	notes map[Tenant]map[string]string
}

// NewStore returns an empty store.
func NewStore() *Store { return &Store{notes: map[Tenant]map[string]string{}} }

// Notes are the notes of one tenant. They are scoped, so a request cannot see those
// of another tenant.
type Notes struct {
	tenant Tenant
	store  *Store
	trail  *Trail
}

// NewNotes is called once in each request that needs them.
func NewNotes(tenant Tenant, store *Store, trail *Trail) *Notes {
	return &Notes{tenant: tenant, store: store, trail: trail}
}

// Read returns a note, and whether there is one of that name.
func (n *Notes) Read(name string) (string, bool) {
	n.store.mu.Lock()
	defer n.store.mu.Unlock()
	n.trail.Did("read")
	text, ok := n.store.notes[n.tenant][name]
	return text, ok
}

// Write stores a note.
func (n *Notes) Write(name, text string) {
	n.store.mu.Lock()
	defer n.store.mu.Unlock()
	n.trail.Did("write")
	if n.store.notes[n.tenant] == nil {
		n.store.notes[n.tenant] = map[string]string{}
	}
	n.store.notes[n.tenant][name] = text
}
