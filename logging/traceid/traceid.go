// Package traceid adds the ids of the current OpenTelemetry span to log records,
// so that a record leads to its trace (.NET: ActivityTrackingOptions).
//
// With slog, all records of the *Context methods get them:
//
//	builder.Logging.ContextFields = append(builder.Logging.ContextFields, traceid.Fields)
//
// With zap, a record gets them when it is asked to:
//
//	log.Info("order accepted", traceid.Field(ctx))
//
// It needs the API of OpenTelemetry only, and is a module of its own, so that who
// does not use it does not have it.
package traceid

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Keys of the fields, those of OpenTelemetry's log data model in JSON.
const (
	TraceID = "trace_id"
	SpanID  = "span_id"
)

// Fields returns the ids of ctx's span; none if it has no valid one.
func Fields(ctx context.Context) []zap.Field {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return nil
	}
	return []zap.Field{zap.String(TraceID, span.TraceID().String()), zap.String(SpanID, span.SpanID().String())}
}

// Field is Fields as one field, which adds nothing if ctx has no span. The ids are
// written as text only if the record is.
func Field(ctx context.Context) zap.Field {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return zap.Skip()
	}
	return zap.Inline(ids(span))
}

type ids trace.SpanContext

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (i ids) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	span := trace.SpanContext(i)
	enc.AddString(TraceID, span.TraceID().String())
	enc.AddString(SpanID, span.SpanID().String())
	return nil
}
