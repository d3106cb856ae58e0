package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
)

// Watcher logs a line every second.
type Watcher struct {
	background.BackgroundService
	log *zap.Logger
}

// NewWatcher returns a watcher.
func NewWatcher(log *zap.Logger) *Watcher { return &Watcher{log: log} }

// ExecuteAsync runs until the program stops.
func (w *Watcher) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(time.Second)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		w.log.Info("watching")
	}
	w.log.Info("no longer watching")
	return nil
}
