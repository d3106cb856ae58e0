package main

import (
	"errors"
	"net/http"
	"sync"
)

// Store holds the orders of all customers.
type Store struct {
	mu     sync.Mutex
	orders map[string][]string
	count  int
}

func NewStore() *Store { return &Store{orders: map[string][]string{}} }

func (s *Store) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// Orders are those of the customer who has sent the request.
type Orders struct {
	customer string
	store    *Store
}

var errNoCustomer = errors.New("no header X-Customer")

// NewOrders is called once in each request that needs them.
func NewOrders(r *http.Request, store *Store) (*Orders, error) {
	customer := r.Header.Get("X-Customer")
	if customer == "" {
		return nil, errNoCustomer
	}
	return &Orders{customer, store}, nil
}

// Place adds an order and returns its number.
func (o *Orders) Place(item string) int {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	o.store.orders[o.customer] = append(o.store.orders[o.customer], item)
	o.store.count++
	return o.store.count
}

func (o *Orders) List() []string {
	o.store.mu.Lock()
	defer o.store.mu.Unlock()
	return append([]string{}, o.store.orders[o.customer]...)
}
