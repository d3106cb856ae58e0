package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxhost/fxhost/background"
)

// Shop sends an order every second.
type Shop struct {
	background.BackgroundService
	queue *Queue
}

// NewShop is called by fx.
func NewShop(queue *Queue) *Shop { return &Shop{queue: queue} }

// ExecuteAsync runs until the host stops.
func (s *Shop) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(time.Second)
	defer timer.Stop()
	for number := 1; timer.WaitForNextTick(ctx); number++ {
		order := Order{ID: fmt.Sprintf("%04d", number), Items: []Item{{"tea", 1}, {"cup", number % 4}}}
		if err := s.queue.Send(ctx, order); err != nil {
			return err
		}
	}
	return nil
}

type smallWarehouse struct{}

// NewWarehouse returns a warehouse that accepts at most two of each item in one
// order.
func NewWarehouse() Warehouse { return smallWarehouse{} }

func (smallWarehouse) Reserve(_ context.Context, item Item) error {
	if item.Count > 2 {
		return errors.New("too few left")
	}
	return nil
}
