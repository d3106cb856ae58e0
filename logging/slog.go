package logging

import (
	"context"
	"log/slog"
	"math"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/category"
)

// Slog returns a log/slog logger with the outputs, the fields and the category of log,
// and the level of that category. Records that are logged with a context have
// [Settings.ContextFields].
func Slog(log *zap.Logger) *slog.Logger {
	h := &handler{core: log.Core()}
	if c, ok := h.core.(*core); ok {
		h.contextFields = c.common().contextFields
	}
	return slog.New(h.ForCategory(log.Name())) // the core may be of another name: plain zap keeps it
}

// handler is zapslog's, for a category.
type handler struct {
	slog.Handler
	core          zapcore.Core
	name          string
	contextFields []func(context.Context) []zap.Field
	made          []func(slog.Handler) slog.Handler // by WithAttrs and WithGroup, in order
}

// ForCategory implements [category.Handler].
func (h *handler) ForCategory(name string) slog.Handler {
	named := *h
	named.name = category.Join(h.name, name)
	if c, ok := h.core.(category.Core); ok {
		named.core = c.ForCategory(named.name)
	}
	named.Handler = named.remade(named.core)
	return &named
}

// Enabled is exact: unlike zap's loggers, slog's have no names below their own.
func (h *handler) Enabled(ctx context.Context, l slog.Level) bool {
	if c, ok := h.core.(*core); ok {
		return c.writes(zapLevel(l))
	}
	return h.Handler.Enabled(ctx, l)
}

// zapLevel is the level whose rules apply to l. What slog has below debug is trace;
// zapslog writes it as debug.
func zapLevel(l slog.Level) zapcore.Level {
	switch {
	case l >= slog.LevelError:
		return zapcore.ErrorLevel
	case l >= slog.LevelWarn:
		return zapcore.WarnLevel
	case l >= slog.LevelInfo:
		return zapcore.InfoLevel
	case l >= slog.LevelDebug:
		return zapcore.DebugLevel
	default:
		return traceLevel
	}
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func(inner slog.Handler) slog.Handler { return inner.WithAttrs(attrs) })
}

func (h *handler) WithGroup(name string) slog.Handler {
	return h.with(func(inner slog.Handler) slog.Handler { return inner.WithGroup(name) })
}

func (h *handler) with(f func(slog.Handler) slog.Handler) slog.Handler {
	made := *h
	made.Handler = f(h.Handler)
	made.made = append(slices.Clip(h.made), f)
	return &made
}

// Handle puts the fields of the context on top, whatever group is open: the id of
// a trace has one name in all records.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	var fields []zap.Field
	for _, of := range h.contextFields {
		fields = append(fields, of(ctx)...)
	}
	if len(fields) == 0 {
		return h.Handler.Handle(ctx, r)
	}
	return h.remade(h.core.With(fields)).Handle(ctx, r)
}

// remade is the handler of zapslog with all that has been added since, on a core.
func (h *handler) remade(core zapcore.Core) slog.Handler {
	// Without the option a record of level error has a stack trace.
	var made slog.Handler = zapslog.NewHandler(core, zapslog.WithName(h.name), zapslog.AddStacktraceAt(math.MaxInt))
	for _, f := range h.made {
		made = f(made)
	}
	return made
}
