package main

import (
	"context"
	"database/sql"
)

// Orders is the repository. It is scoped, so it writes in the transaction of its
// scope.
type Orders struct{ tx *sql.Tx }

// NewOrders is called once in each scope.
func NewOrders(tx *sql.Tx) *Orders { return &Orders{tx} }

// Add writes an order without its items.
func (o *Orders) Add(ctx context.Context, id string) error {
	_, err := o.tx.ExecContext(ctx, `INSERT INTO orders (id) VALUES (?)`, id)
	return err
}

// AddItem writes one item of an order.
func (o *Orders) AddItem(ctx context.Context, id string, item Item) error {
	_, err := o.tx.ExecContext(ctx, `INSERT INTO items (order_id, name, count) VALUES (?, ?, ?)`, id, item.Name, item.Count)
	return err
}
