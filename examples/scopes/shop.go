package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fxhost/fxhost/background"
)

// Shop is where the orders of the sample come from: one in a second.
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

// NewWarehouse returns a warehouse that has too few of everything: of each item
// one order can have two at most.
func NewWarehouse() Warehouse { return smallWarehouse{} }

func (smallWarehouse) Reserve(_ context.Context, item Item) error {
	if item.Count > 2 {
		return errors.New("too few left")
	}
	return nil
}
