package main

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync/atomic"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
)

// Warehouse sends the prices, one on each line, to whoever connects.
type Warehouse struct{ address string }

// NewWarehouse returns the one of the settings.
func NewWarehouse(options *Options) *Warehouse { return &Warehouse{options.Warehouse} }

// Ping tells whether the warehouse can be reached.
func (w *Warehouse) Ping(ctx context.Context) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// Prices returns all prices.
func (w *Warehouse) Prices(ctx context.Context) ([]string, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", w.address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	var prices []string
	lines := bufio.NewScanner(conn)
	for lines.Scan() {
		prices = append(prices, lines.Text())
	}
	return prices, lines.Err()
}

// Prices keeps the last prices that the warehouse has sent.
type Prices struct {
	background.BackgroundService

	warehouse *Warehouse
	options   *Options
	log       *zap.Logger
	last      atomic.Pointer[[]string]
}

// NewPrices returns a service without prices.
func NewPrices(warehouse *Warehouse, options *Options, log *zap.Logger) *Prices {
	return &Prices{warehouse: warehouse, options: options, log: log}
}

// ExecuteAsync asks for the prices until the host stops. Those it has stay if the
// warehouse cannot be reached.
func (p *Prices) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(p.options.Interval)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		prices, err := p.warehouse.Prices(ctx)
		switch {
		case err != nil:
			p.log.Warn("prices not read", zap.Error(err))
		case len(prices) > 0:
			p.last.Store(&prices)
		}
	}
	return nil
}

// CheckHealth implements health.Check: without prices, there is nothing to sell.
func (p *Prices) CheckHealth(context.Context) error {
	if p.last.Load() == nil {
		return errors.New("no prices yet")
	}
	return nil
}
