package traceid_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/logging/traceid"
)

// inSpan returns a context with a span, as an instrumented server has one.
func inSpan(t *testing.T) context.Context {
	t.Helper()
	return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1, 2, 15: 3}, SpanID: trace.SpanID{4, 7: 5},
	}))
}

func TestARecordOfASpanHasItsIds(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zapcore.InfoLevel)
	log := zap.New(core)
	log.Info("with", traceid.Field(inSpan(t)))
	log.Info("without", traceid.Field(t.Context()))
	want := map[string]any{"trace_id": "01020000000000000000000000000003", "span_id": "0400000000000005"}
	got := logs.All()
	if with := got[0].ContextMap(); with["trace_id"] != want["trace_id"] || with["span_id"] != want["span_id"] {
		t.Errorf("fields %v, want %v", with, want)
	}
	if without := got[1].ContextMap(); len(without) != 0 {
		t.Errorf("fields %v, want none", without)
	}
}
