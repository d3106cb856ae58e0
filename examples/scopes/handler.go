package main

import (
	"context"
	"fmt"
)

// Warehouse keeps the goods.
type Warehouse interface {
	Reserve(ctx context.Context, item Item) error
}

// Handler handles one order. It is scoped, so each order has its own Handler.
type Handler struct {
	order     Order
	orders    *Orders
	warehouse Warehouse
}

// NewHandler is called once in each scope.
func NewHandler(order Order, orders *Orders, warehouse Warehouse) *Handler {
	return &Handler{order: order, orders: orders, warehouse: warehouse}
}

// Handle writes the order and its items. It neither commits nor rolls back.
func (h *Handler) Handle(ctx context.Context) error {
	if err := h.orders.Add(ctx, h.order.ID); err != nil {
		return fmt.Errorf("add order: %w", err)
	}
	for _, item := range h.order.Items {
		if err := h.orders.AddItem(ctx, h.order.ID, item); err != nil {
			return fmt.Errorf("add item: %w", err)
		}
		if err := h.warehouse.Reserve(ctx, item); err != nil {
			return fmt.Errorf("reserve %d of %s: %w", item.Count, item.Name, err)
		}
	}
	return nil
}
