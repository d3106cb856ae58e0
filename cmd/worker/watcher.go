package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
)

// Watcher looks into the spool folder at an interval and handles what is there,
// several inputs at a time, recorded in the order of their names.
//
// An input that cannot be read stays where it is and is tried again at each
// scan; that is logged once. What the worker itself cannot do, such as writing
// the ledger or moving a file, is a fault: it would be so for the next order,
// too, and after a restart nothing is lost.
type Watcher struct {
	background.BackgroundService

	options  *Options
	spool    *Spool
	ledger   *Ledger
	tally    *Tally
	patience *patience
	log      *zap.Logger
}

// NewWatcher returns a watcher of the spool folder. The ledger must be open when
// it is started.
func NewWatcher(options *Options, ledger *Ledger, tally *Tally, log *zap.Logger) *Watcher {
	return &Watcher{
		options:  options,
		spool:    NewSpool(options.Spool),
		ledger:   ledger,
		tally:    tally,
		patience: newPatience(),
		log:      log,
	}
}

// StartAsync opens the spool, so that what is wrong with it fails the start.
func (w *Watcher) StartAsync(ctx context.Context) error {
	if err := w.spool.Open(); err != nil {
		return err
	}
	w.log.Info("waiting for orders", zap.String("spool", w.options.Spool),
		zap.Int("concurrency", w.options.Concurrency), zap.Duration("scan_interval", w.options.ScanInterval))
	return w.BackgroundService.StartAsync(ctx)
}

// StopAsync lets the inputs in hand be finished, and begins no other.
func (w *Watcher) StopAsync(ctx context.Context) error {
	if err := w.BackgroundService.StopAsync(ctx); err != nil {
		return err // perhaps inputs are still in hand, so the spool stays locked
	}
	return w.spool.Close()
}

// ExecuteAsync scans until ctx ends or a fault comes.
func (w *Watcher) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(w.options.ScanInterval)
	defer timer.Stop()
	for {
		if err := w.scan(ctx); err != nil {
			return err
		}
		if !timer.WaitForNextTick(ctx) {
			return nil
		}
	}
}

// scan handles everything that is there and waits for it. At the end of ctx, and
// after a fault, it begins no further input and finishes those in hand.
func (w *Watcher) scan(ctx context.Context) error {
	inHand, err := w.spool.InHand()
	if err != nil {
		return err
	}
	waiting, err := w.spool.Waiting()
	if err != nil {
		return err
	}
	w.patience.keep(inHand, waiting)

	hands, ctx := newHands(ctx, w.options.Concurrency)
	for _, input := range inHand {
		hands.do(ctx, func(t turn) error { return w.handle(input, t) })
	}
	for _, input := range waiting {
		hands.do(ctx, func(t turn) error { return w.receive(input, t) })
	}
	return hands.wait()
}

// receive takes an input out of the spool folder and handles it, unless it is to
// be left for the next scan.
func (w *Watcher) receive(input Input, t turn) error {
	body, info, err := input.Read()
	if err != nil {
		w.leave(input, err)
		return nil
	}
	if _, err := ParseOrder(body); err != nil && !w.patience.settled(input, info) {
		return nil
	}
	taken, err := w.spool.Take(input)
	if err != nil {
		w.leave(input, err)
		return nil
	}
	return w.handle(taken, t)
}

// handle brings an input in hand to its end. It reads it again, since another
// file of this name may have come before it was taken.
func (w *Watcher) handle(input Input, t turn) error {
	body, _, err := input.Read()
	if err != nil {
		w.leave(input, err)
		return nil
	}
	order, err := ParseOrder(body)
	if err != nil {
		return w.refuse(input, err.Error(), func(c *Counts) { c.Failed++ })
	}
	entry := NewEntry(order, input.Name, body)
	t.wait() // so that of two orders with one id the first by name is recorded
	earlier, err := w.ledger.Record(entry)
	t.over()
	switch {
	case err != nil:
		return err
	case earlier == nil:
		w.tally.Add(func(c *Counts) {
			c.Accepted++
			c.TotalCents += entry.TotalCents
		})
		w.log.Info("order accepted", zap.String("file", input.Name), zap.String("order", order.ID),
			zap.Int("lines", len(order.Lines)), zap.Int64("total_cents", entry.TotalCents))
	case earlier.SHA256 == entry.SHA256:
		w.tally.Add(func(c *Counts) { c.Repeated++ })
		w.log.Info("order already recorded", zap.String("file", input.Name), zap.String("order", order.ID),
			zap.String("first_seen_in", earlier.Source))
	default:
		return w.refuse(input, fmt.Sprintf("duplicate order id, first seen in %s", earlier.Source), func(c *Counts) {
			c.Failed++
			c.Duplicates++
		})
	}
	_, err = w.spool.Done(input)
	return err
}

func (w *Watcher) refuse(input Input, reason string, count func(*Counts)) error {
	target, err := w.spool.Fail(input, reason)
	if err != nil {
		return err
	}
	w.tally.Add(count)
	w.log.Warn("order refused", zap.String("file", input.Name), zap.String("reason", reason),
		zap.String("moved_to", "failed/"+target))
	return nil
}

// leave logs, once, why an input is left for the next scan. One that is gone was
// withdrawn by its producer.
func (w *Watcher) leave(input Input, err error) {
	if !errors.Is(err, fs.ErrNotExist) && w.patience.news(input, err.Error()) {
		w.log.Warn("input left for the next scan", zap.String("file", input.Name), zap.Error(err))
	}
}
