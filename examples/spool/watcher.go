package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
)

// Watcher scans the spool folder at an interval and handles the inputs, several at a
// time. It records them in the order of their names.
//
// An input that cannot be read stays where it is and is tried again at each scan,
// which is logged once. If the worker cannot write the ledger or move a file, this is
// a fault, because the next order would fail too. Nothing is lost by a restart.
type Watcher struct {
	background.BackgroundService

	options  *Options
	spool    *Spool
	ledger   *Ledger
	tally    *Tally
	patience *patience
	log      *zap.Logger
}

// NewWatcher returns a watcher of the spool folder. The ledger must be open when the
// watcher starts.
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

// StartAsync opens the spool, so that the start fails if that is not possible.
func (w *Watcher) StartAsync(ctx context.Context) error {
	if err := w.spool.Open(); err != nil {
		return err
	}
	w.log.Info("waiting for orders", zap.String("spool", w.options.Spool),
		zap.Int("concurrency", w.options.Concurrency), zap.Duration("scan_interval", w.options.ScanInterval))
	return w.BackgroundService.StartAsync(ctx)
}

// StopAsync finishes the inputs in progress and begins no others.
func (w *Watcher) StopAsync(ctx context.Context) error {
	if err := w.BackgroundService.StopAsync(ctx); err != nil {
		return err // inputs may still be in progress, so the spool stays locked
	}
	return w.spool.Close()
}

// ExecuteAsync scans until ctx ends or a fault occurs.
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

// scan handles all inputs. When ctx ends, and after a fault, it finishes the inputs
// in progress and begins no others.
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

// receive takes an input from the spool folder and handles it, unless it has to be
// left for the next scan.
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

// handle finishes an input that was taken. It reads the file again, because the file
// may have been replaced before it was taken.
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
	t.wait() // of two orders with the same id, the first by name is recorded
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

// leave logs once why an input is left for the next scan. It ignores inputs that
// their producer has removed.
func (w *Watcher) leave(input Input, err error) {
	if !errors.Is(err, fs.ErrNotExist) && w.patience.news(input, err.Error()) {
		w.log.Warn("input left for the next scan", zap.String("file", input.Name), zap.Error(err))
	}
}
