package main

import (
	"context"
	"os"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
)

// Watcher counts the files in a folder.
type Watcher struct {
	background.BackgroundService
	options *Options
	log     *zap.Logger
}

// NewWatcher returns a watcher.
func NewWatcher(options *Options, log *zap.Logger) *Watcher {
	return &Watcher{options: options, log: log}
}

// ExecuteAsync runs until the program stops.
func (w *Watcher) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(w.options.Interval)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		files, err := os.ReadDir(w.options.Folder)
		if err != nil {
			return err
		}
		w.log.Info("files waiting", zap.Int("count", len(files)))
	}
	return nil
}
