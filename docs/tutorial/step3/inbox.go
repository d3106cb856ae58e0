package main

import (
	"context"
	"os"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
)

var _ hosted.HostedService = (*Inbox)(nil)

// Inbox creates the folder before the watcher reads it.
type Inbox struct {
	options *Options
	log     *zap.Logger
}

// NewInbox returns the service. The folder is created by StartAsync.
func NewInbox(options *Options, log *zap.Logger) *Inbox {
	return &Inbox{options: options, log: log}
}

// StartAsync returns when the folder exists.
func (i *Inbox) StartAsync(context.Context) error {
	if err := os.MkdirAll(i.options.Folder, 0o755); err != nil {
		return err
	}
	i.log.Info("inbox open", zap.String("folder", i.options.Folder))
	return nil
}

// StopAsync returns when there is nothing left to do.
func (i *Inbox) StopAsync(context.Context) error {
	i.log.Info("inbox closed")
	return nil
}
