// Package category names loggers so that the level rules of their name apply.
// A category is the full name of a zap logger, as in .NET the name given to
// ILoggerFactory.CreateLogger.
package category

import (
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Core is a [zapcore.Core] that can be had for another category. One core per
// category is what makes Enabled exact: zap gives Enabled a level only, the
// name comes later, with Check (pitfall Z3).
type Core interface {
	zapcore.Core

	// ForCategory returns a core with the same fields and output and the level
	// of the category name, the full name of a logger. Safe for concurrent use.
	ForCategory(name string) zapcore.Core
}

// Named returns log.Named(name). If the core of log is a [Core], the new logger
// has the core of its own full name; any other logger is only named.
func Named(log *zap.Logger, name string) *zap.Logger {
	named := log.Named(name)
	core, ok := named.Core().(Core)
	if !ok {
		return named
	}
	return named.WithOptions(zap.WrapCore(func(zapcore.Core) zapcore.Core {
		return core.ForCategory(named.Name())
	}))
}

// Handler is a [slog.Handler] that can be had for a category below its own.
type Handler interface {
	slog.Handler

	// ForCategory returns a handler with the same attributes and output for the
	// category name below the handler's own. Safe for concurrent use.
	ForCategory(name string) slog.Handler
}

// NamedSlog returns a logger whose category is name below that of log. A logger
// whose handler is not a [Handler] is returned as it is.
func NamedSlog(log *slog.Logger, name string) *slog.Logger {
	if h, ok := log.Handler().(Handler); ok {
		return slog.New(h.ForCategory(name))
	}
	return log
}

// Join is the full name of a category below another, as zap's Logger.Named makes
// it.
func Join(parent, name string) string {
	switch {
	case parent == "":
		return name
	case name == "":
		return parent
	default:
		return parent + "." + name
	}
}
