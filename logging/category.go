package logging

import (
	"log/slog"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/category"
)

// Category names a part of an application: within opts the *zap.Logger, and the
// *slog.Logger if there is one, have the category name, below that of the part
// around it. It is an fx.Module of that name. Hosted services and scoped values in
// it have their own name below it.
func Category(name string, opts ...fx.Option) fx.Option {
	return fx.Module(name,
		fx.Decorate(
			func(log *zap.Logger) *zap.Logger { return category.Named(log, name) },
			func(log *slog.Logger) *slog.Logger { return category.NamedSlog(log, name) },
		),
		fx.Options(opts...),
	)
}
