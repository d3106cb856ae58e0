package main

import (
	"sync"
	"time"
)

// Counts counts what the worker has done since it was started.
type Counts struct {
	Since time.Time `json:"since"`
	// Accepted orders were appended to the ledger.
	Accepted int `json:"accepted"`
	// Repeated orders were in the ledger already, with the same content.
	Repeated int `json:"repeated"`
	// Failed are all inputs that were moved to failed.
	Failed int `json:"failed"`
	// Duplicates are those in Failed whose id belongs to another order.
	Duplicates int `json:"duplicates"`
	// TotalCents is the sum of the accepted orders.
	TotalCents int64 `json:"totalCents"`
}

// Tally holds the counts. It is safe for concurrent use.
type Tally struct {
	mu     sync.Mutex
	counts Counts
}

// NewTally returns a tally that begins now.
func NewTally() *Tally { return &Tally{counts: Counts{Since: time.Now().UTC()}} }

// Add calls change with the counts.
func (t *Tally) Add(change func(*Counts)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.counts)
}

// Counts returns a copy of the counts.
func (t *Tally) Counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}
