package main

import (
	"context"
	"os"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
)

var _ hosted.HostedService = (*Inbox)(nil)

// Inbox makes the folder before the watcher looks into it.
type Inbox struct {
	options *Options
	log     *zap.Logger
}

// NewInbox makes the service, not yet the folder.
func NewInbox(options *Options, log *zap.Logger) *Inbox {
	return &Inbox{options: options, log: log}
}

// StartAsync returns when the folder is there.
func (i *Inbox) StartAsync(context.Context) error {
	if err := os.MkdirAll(i.options.Folder, 0o755); err != nil {
		return err
	}
	i.log.Info("inbox open", zap.String("folder", i.options.Folder))
	return nil
}

// StopAsync returns when nothing is left to do.
func (i *Inbox) StopAsync(context.Context) error {
	i.log.Info("inbox closed")
	return nil
}
