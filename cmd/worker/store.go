package main

import (
	"sync"

	"go.uber.org/zap"
)

// Store knows what was sold. It stands for a database.
type Store struct {
	mu    sync.Mutex
	files map[string]map[string]int // counts by file and article
}

// NewStore is called once.
func NewStore() *Store { return &Store{files: map[string]map[string]int{}} }

// Sold returns the count of each article.
func (s *Store) Sold() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	sold := map[string]int{}
	for _, file := range s.files {
		for article, count := range file {
			sold[article] += count
		}
	}
	return sold
}

// Tx is a transaction: the store has nothing of it before Commit.
type Tx struct {
	store     *Store
	sold      map[string]int
	committed bool
}

// NewTx begins the transaction of a scope. The function that it returns is called
// when the scope is closed, after a success, an error or a panic.
func NewTx(store *Store, log *zap.Logger) (*Tx, func()) {
	tx := &Tx{store: store, sold: map[string]int{}}
	return tx, func() { log.Debug("transaction ended", zap.Any("read", tx.sold), zap.Bool("committed", tx.committed)) }
}

// Add adds to the count of an article.
func (t *Tx) Add(article string, count int) { t.sold[article] += count }

// Commit replaces what the store has of a file.
func (t *Tx) Commit(file string) {
	t.store.mu.Lock()
	defer t.store.mu.Unlock()
	t.store.files[file], t.committed = t.sold, true
}
