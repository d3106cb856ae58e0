package logging

import (
	"log/slog"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/category"
)

// Category names a part of an application. Constructors in opts receive a *zap.Logger,
// and a *slog.Logger if there is one, of the category name. Categories nest: one within
// another, or the name of a hosted service or scoped value, is below it. Category is an
// fx.Module of that name.
func Category(name string, opts ...fx.Option) fx.Option {
	return fx.Module(name,
		fx.Decorate(
			func(log *zap.Logger) *zap.Logger { return category.Named(log, name) },
			func(log *slog.Logger) *slog.Logger { return category.NamedSlog(log, name) },
		),
		fx.Options(opts...),
	)
}
