package main

import (
	"sync"
	"time"
)

// Counts is what the worker did since it was started.
type Counts struct {
	Since time.Time `json:"since"`
	// Accepted orders were appended to the ledger.
	Accepted int `json:"accepted"`
	// Repeated orders were in the ledger already, with the same content.
	Repeated int `json:"repeated"`
	// Failed are all inputs that went to failed.
	Failed int `json:"failed"`
	// Duplicates are those of Failed whose id another order has.
	Duplicates int `json:"duplicates"`
	// TotalCents is the sum of the accepted orders.
	TotalCents int64 `json:"totalCents"`
}

// Tally counts. It is safe for concurrent use.
type Tally struct {
	mu     sync.Mutex
	counts Counts
}

// NewTally returns a tally that counts from now on.
func NewTally() *Tally { return &Tally{counts: Counts{Since: time.Now().UTC()}} }

// Add has change count something.
func (t *Tally) Add(change func(*Counts)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.counts)
}

// Counts returns what was counted so far.
func (t *Tally) Counts() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts
}
