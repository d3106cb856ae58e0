package host

import (
	"context"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/hosted/scope"
)

// Module gives an fx application that somebody else runs what a host has:
// configuration, environment, logger and options as [NewBuilder] makes them,
// the walk of the hosted services, and scopes. All hooks of fx.Lifecycle join the walk,
// which is itself one hook of fx's own lifecycle: fx's StartTimeout and
// StopTimeout bound it, see [hosted.Module]. Signals are fx's business, and with
// them the drain delay, which has no effect here. Put it at the root: within an
// fx.Module it would reach the hooks of that module only.
//
// The application must not provide a *zap.Logger or *slog.Logger of its own; one that does wants
// [hosted.Module], which brings nothing else along. Each application needs a
// Module of its own.
//
// [hosted.Module]: https://pkg.go.dev/github.com/fxhost/fxhost/hosted#Module
func Module(args []string) fx.Option {
	b := NewBuilder(args)
	b.UseLifetime(nil)
	h, err := b.prepare(context.Background())
	if err != nil {
		return fx.Error(err)
	}
	return fx.Options(h.runner.Attach(), scope.Module(), h.provide(), h.watcher(), h.closeLog())
}

// closeLog closes the file of Logging:File, for which fx has no later moment than
// a stop hook.
func (h *Host) closeLog() fx.Option {
	if !h.configuration.Exists("Logging:File") {
		return fx.Options()
	}
	return fx.Invoke(func(lifecycle fx.Lifecycle) {
		lifecycle.Append(fx.StopHook(h.release))
	})
}
