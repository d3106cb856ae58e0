package main

import (
	"fmt"
	"sync"
)

// Addresses are those of the customers.
type Addresses struct {
	mu   sync.Mutex
	mail map[string]string
}

func NewAddresses() *Addresses {
	return &Addresses{mail: map[string]string{"Ada": "ada@example.com", "Charles": "charles@example.com"}}
}

func (a *Addresses) Add(customer, mail string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mail[customer] = mail
}

func (a *Addresses) Find(customer string) (string, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	mail, ok := a.mail[customer]
	if !ok {
		return "", fmt.Errorf("%s has no address", customer)
	}
	return mail, nil
}
