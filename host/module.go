package host

import (
	"context"
	"errors"
	"log/slog"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/category"
	"github.com/fxhost/fxhost/logging"
)

// Module gives an fx application that somebody else runs what a host has:
// configuration, environment, logger and options as with [NewBuilder], scopes,
// *[queue.Queues], *[background.Jobs], and [hosted.Module] with these options. fx
// handles the signals. Add Module at the root, not within an fx.Module.
//
// The application must not provide a *zap.Logger or *slog.Logger of its own; if it
// does, use [hosted.Module], which provides no logger. Files are read when fx builds
// the application.
//
// [hosted.Module]: https://pkg.go.dev/github.com/fxhost/fxhost/hosted#Module
func Module(args []string) fx.Option {
	return fx.Options(
		fx.Provide(func() *made {
			b := NewBuilder(args)
			b.UseLifetime(nil)
			h, err := b.prepare(context.Background(), "Build")
			return &made{h, err}
		}),
		// fx invokes what child modules have before what their parent has.
		fx.Module("fxhost.config",
			fx.Invoke(func(m *made) error { return m.err }),
			hosted.AddHostedService[*reloader](newReloader, hosted.Name("config.Watcher")),
		),
		hosted.Module(),
		scope.Module(),
		background.Module(),
		queue.Module(),
		values(),
		fx.Provide(fx.Annotated{Name: "fxhost", Target: (*made).around}),
	)
}

// made is the host whose values an application is given, or why there is none. It
// is made when fx asks for it: an fx.Option does nothing before.
type made struct {
	host *Host
	err  error
}

// values are those of the host that can be injected.
func values() fx.Option {
	return fx.Provide(
		func(m *made) (*config.Manager, *Environment, *Options, error) {
			if m.err != nil {
				return nil, nil, nil, m.err
			}
			return m.host.configuration, m.host.environment, m.host.options, nil
		},
		(*config.Manager).Viper,
		(*made).loggerThatFxDecorateCanChange,
		(*made).slogLoggerThatFxDecorateCanChange,
		logging.NewFactory,
		fx.Annotated{Name: "fxhost", Target: func(o *Options) *hosted.Options { return &o.Options }},
	)
}

// In an application of somebody else's that has a logger, too, fx's error names the
// function: it is what can be said there.

func (m *made) loggerThatFxDecorateCanChange() (*zap.Logger, error) {
	if m.err != nil {
		return nil, m.err
	}
	return m.host.appLog, nil
}

func (m *made) slogLoggerThatFxDecorateCanChange() (*slog.Logger, error) {
	if m.err != nil {
		return nil, m.err
	}
	return logging.Slog(m.host.appLog), nil
}

// around checks what only the end of the build knows, and closes what must be open to
// the end. A hook of the walk would be in the middle of it.
func (m *made) around() (*fx.Hook, error) {
	if m.err != nil {
		return nil, m.err
	}
	ends := func(context.Context) error {
		defer m.host.release()
		return m.host.closeConfiguration()
	}
	return &fx.Hook{OnStop: ends, OnStart: func(ctx context.Context) error {
		err := m.host.checkUnread()
		if err != nil { // fx stops only what has started
			err = errors.Join(err, ends(ctx))
		}
		return err
	}}, nil
}

// reloader is the config.Watcher of an application that fx runs.
type reloader struct {
	*config.Watcher

	off bool
}

func newReloader(m *made) (*reloader, error) {
	if m.err != nil {
		return nil, m.err
	}
	return &reloader{config.NewWatcher(m.host.configuration, category.Named(m.host.log, "config")), !m.host.watches()}, nil
}

// StartAsync does nothing if hostBuilder:reloadConfigOnChange says so.
func (r *reloader) StartAsync(ctx context.Context) error {
	if r.off {
		return nil
	}
	return r.Watcher.StartAsync(ctx)
}
