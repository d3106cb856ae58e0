// Package fxapp is the program of the page "Reload settings and levels in an fx
// application".
package fxapp

import (
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/docs/how-to/settings"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/logging"
)

// WithHostModule returns an application with the configuration, the logger and the
// reloading of a host. args are the arguments of the process without its name.
func WithHostModule(args []string, options ...fx.Option) *fx.App {
	return fx.New(
		host.Module(args),
		fx.WithLogger(logging.FxLogger), // fx logs through the same logger, at debug
		settings.Module(),
		fx.Options(options...),
	)
}

// WithParts returns an application with a configuration and a logger of its own,
// both of which follow the files.
func WithParts(file string, options ...fx.Option) *fx.App {
	configuration := func() (*config.Manager, error) {
		return config.New(config.OptionalFile(file), config.Environment("", nil))
	}
	return fx.New(
		fx.Provide(configuration, logging.New),
		fx.Supply(logging.Settings{}),
		fx.WithLogger(logging.FxLogger),
		hosted.AddHostedService[*config.Watcher](config.NewWatcher), // first, so that it stops last
		settings.Module(),
		scope.Module(),
		hosted.Module(),
		fx.Options(options...),
	)
}
