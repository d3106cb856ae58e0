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

// Slog returns a logger of log/slog that writes to the core of log, with its name
// as the category, its fields and the levels of its category. Records that come
// with a context get [Settings.ContextFields].
func Slog(log *zap.Logger) *slog.Logger {
	h := &handler{core: log.Core(), name: log.Name()}
	if c, ok := h.core.(closer); ok {
		h.contextFields = c.common().contextFields
	}
	h.Handler = h.zap()
	return slog.New(h)
}

// handler is zapslog's, for a category.
type handler struct {
	slog.Handler
	core          zapcore.Core
	name          string
	contextFields []func(context.Context) []zap.Field
	made          []func(slog.Handler) slog.Handler // by WithAttrs and WithGroup, in order
}

func (h *handler) zap() slog.Handler {
	// Without the option a record of level error has a stack trace.
	return zapslog.NewHandler(h.core, zapslog.WithName(h.name), zapslog.AddStacktraceAt(math.MaxInt))
}

// ForCategory implements [category.Handler].
func (h *handler) ForCategory(name string) slog.Handler {
	named := &handler{core: h.core, name: category.Join(h.name, name), contextFields: h.contextFields, made: h.made}
	if c, ok := h.core.(category.Core); ok {
		named.core = c.ForCategory(named.name)
	}
	named.Handler = named.zap()
	for _, f := range named.made {
		named.Handler = f(named.Handler)
	}
	return named
}

// Enabled is exact: unlike zap's loggers, slog's have no names below their own.
func (h *handler) Enabled(ctx context.Context, l slog.Level) bool {
	if c, ok := h.core.(closer); ok {
		return c.writes(zapLevel(l))
	}
	return h.Handler.Enabled(ctx, l)
}

// zapLevel is the level that zapslog writes at.
func zapLevel(l slog.Level) zapcore.Level {
	switch {
	case l >= slog.LevelError:
		return zapcore.ErrorLevel
	case l >= slog.LevelWarn:
		return zapcore.WarnLevel
	case l >= slog.LevelInfo:
		return zapcore.InfoLevel
	default:
		return zapcore.DebugLevel
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

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	for _, of := range h.contextFields {
		fields := of(ctx)
		r = r.Clone() // the caller's stays as it is
		enc := zapcore.NewMapObjectEncoder()
		for _, f := range fields {
			f.AddTo(enc)
		}
		for _, f := range fields {
			if value, ok := enc.Fields[f.Key]; ok {
				r.AddAttrs(slog.Any(f.Key, value))
			}
		}
	}
	return h.Handler.Handle(ctx, r)
}
