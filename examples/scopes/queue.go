package main

import "context"

// Order is the message.
type Order struct {
	ID    string
	Items []Item
}

// Item is one line of an order.
type Item struct {
	Name  string
	Count int
}

// Queue holds the orders that wait to be handled, in memory.
type Queue struct{ orders chan Order }

// NewQueue returns an empty queue.
func NewQueue() *Queue { return &Queue{make(chan Order, 100)} }

// Send adds an order. It waits while the queue is full.
func (q *Queue) Send(ctx context.Context, order Order) error {
	select {
	case q.orders <- order:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Receive removes an order and returns it. It waits until there is one, and returns
// an error when ctx ends.
func (q *Queue) Receive(ctx context.Context) (Order, error) {
	if ctx.Err() != nil {
		return Order{}, context.Cause(ctx) // also if there are orders
	}
	select {
	case order := <-q.orders:
		return order, nil
	case <-ctx.Done():
		return Order{}, context.Cause(ctx)
	}
}
