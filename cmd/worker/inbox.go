package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted/scope"
)

// Inbox scans a folder at an interval and has each new or changed file handled.
type Inbox struct {
	background.BackgroundService
	options *config.Monitor[Options]
	env     *host.Environment
	scopes  *scope.Factory
	store   *Store
	log     *zap.Logger
	outcome map[string]string // by file: the version that was handled, or why it was refused
}

// NewInbox is called once. The logger is named after the service.
func NewInbox(o *config.Monitor[Options], e *host.Environment, f *scope.Factory, s *Store, log *zap.Logger) *Inbox {
	return &Inbox{options: o, env: e, scopes: f, store: s, log: log, outcome: map[string]string{}}
}

// ExecuteAsync runs in the background until the host stops, which ends ctx. If it
// returned an error or panicked earlier, the host would stop.
func (i *Inbox) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(i.options.Current().Interval)
	defer timer.Stop()
	defer i.options.OnChange(func(_, options *Options) {
		timer.SetPeriod(options.Interval)
		i.log.Info("options changed", zap.Duration("interval", options.Interval), zap.Int("max_count", options.MaxCount))
	})()
	for open := true; open; open = timer.WaitForNextTick(ctx) {
		if err := i.scan(ctx); err != nil {
			return err
		}
	}
	i.log.Info("inbox closed", zap.Any("sold", i.store.Sold()))
	return nil
}

func (i *Inbox) scan(ctx context.Context) error {
	folder := i.env.Path(i.options.Current().Folder)
	files, err := os.ReadDir(folder)
	if err != nil {
		return err // without its folder the worker has nothing to do
	}
	i.log.Debug("scan", zap.Int("files", len(files)))
	for _, file := range files {
		name := file.Name()
		info, err := file.Info()
		if err != nil || ctx.Err() != nil || filepath.Ext(name) != ".csv" {
			continue
		}
		version := fmt.Sprint(info.Size(), info.ModTime())
		if version == i.outcome[name] {
			continue
		}
		// Each file is a unit of work: a scope with a Handler and a Tx of its own.
		err = scope.Do(ctx, i.scopes, func(_ context.Context, h *Handler) error { return h.Handle(filepath.Join(folder, name)) })
		if err == nil {
			i.outcome[name] = version
			i.log.Info("file handled", zap.String("file", name), zap.Any("sold", i.store.Sold()))
		} else if i.outcome[name] != err.Error() { // tried at each scan, logged once
			i.outcome[name] = err.Error()
			i.log.Warn("file refused", zap.String("file", name), zap.Error(err))
		}
	}
	return nil
}
