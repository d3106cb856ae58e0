// Package settings is the program of the pages on configuration and log levels.
package settings

import (
	"context"
	"errors"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

// Options is section Import of the configuration.
type Options struct {
	Interval time.Duration // between two imports
	Limit    int           // of files in one import
	MaxSize  config.Size   // of a file
	Folder   string        // that holds the files
}

// Validate is called each time the section is read.
func (o *Options) Validate() error {
	if o.Interval <= 0 {
		return &config.KeyError{Key: "Interval", Err: errors.New("must be more than zero")}
	}
	return nil
}

// Module adds the importer and its options.
func Module() fx.Option {
	return fx.Options(
		config.Configure("Import",
			config.Default(Options{Interval: time.Minute, Limit: 10, MaxSize: 1 << 20}),
			config.PostConfigure(func(o *Options) {
				if o.Folder == "" {
					o.Folder = "inbox"
				}
			}),
			config.Validate(func(o *Options) error {
				if o.Limit < 1 || o.Limit > 1000 {
					return &config.KeyError{Key: "Limit", Err: errors.New("must be 1 to 1000")}
				}
				return nil
			}),
		),
		scope.Provide(NewImport),
		hosted.AddHostedService[*Importer](NewImporter),
	)
}

// Import is one import, a unit of work.
type Import struct {
	options *config.Snapshot[Options]
	log     *zap.Logger
}

// NewImport is called for each unit of work.
func NewImport(options *config.Snapshot[Options], log *zap.Logger) *Import {
	return &Import{options: options, log: log}
}

// Run uses the same values from its first line to its last.
func (i *Import) Run() error {
	i.log.Debug("import", zap.Int("limit", i.options.Value().Limit), zap.String("folder", i.options.Value().Folder))
	return nil
}

// Importer imports from time to time.
type Importer struct {
	background.BackgroundService
	options *config.Monitor[Options]
	scopes  *scope.Factory
	log     *zap.Logger
}

// NewImporter is called once.
func NewImporter(options *config.Monitor[Options], scopes *scope.Factory, log *zap.Logger) *Importer {
	return &Importer{options: options, scopes: scopes, log: log}
}

// ExecuteAsync runs until the host stops. It uses the current interval each time.
func (i *Importer) ExecuteAsync(ctx context.Context) error {
	changed := make(chan struct{}, 1)
	stop := i.options.OnChange(func(old, current *Options) {
		i.log.Info("options changed", zap.Duration("from", old.Interval), zap.Duration("to", current.Interval))
		select {
		case changed <- struct{}{}:
		default: // a change is pending already
		}
	})
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-changed: // wait again, for the new interval
		case <-time.After(i.options.Current().Interval):
			if err := i.scopes.Run(ctx, func(one *Import) error { return one.Run() }); err != nil {
				return err
			}
		}
	}
}
