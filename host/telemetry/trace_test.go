package telemetry_test

import (
	"context"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/host/telemetry"
)

const (
	callersTrace  = "0af7651916cd43dd8448eb211c80319c"
	callersSpan   = "b7ad6b7169203331"
	callersHeader = "00-" + callersTrace + "-" + callersSpan + "-01"
)

// wantSpan compares what a span is, and whose child it is.
func wantSpan(t *testing.T, s *traces.Span, kind traces.Span_SpanKind, trace, parent string) {
	t.Helper()
	if s.Kind != kind || hex.EncodeToString(s.TraceId) != trace || hex.EncodeToString(s.ParentSpanId) != parent {
		t.Errorf("span %q is a %v of trace %x with parent %x, want a %v of trace %s with parent %s",
			s.Name, s.Kind, s.TraceId, s.ParentSpanId, kind, trace, parent)
	}
}

func wantAttributes(t *testing.T, s *traces.Span, want map[string]string) {
	t.Helper()
	for key, value := range want {
		if got := attributeOf(s.Attributes, key); got != value {
			t.Errorf("span %q: %s is %q, want %q", s.Name, key, got, value)
		}
	}
}

func TestOneTraceLeadsFromTheRequestToTheHandlerOfTheMessage(t *testing.T) {
	collector := receive(t)
	p := startProgram(t)
	p.post(t, "/orders/7?secret=1", map[string]string{"traceparent": callersHeader})
	await(t, "an order", func() bool { return p.ordered.Load() == 1 })
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	request := collector.span(t, "POST /orders/{id}")
	wantSpan(t, request, traces.Span_SPAN_KIND_SERVER, callersTrace, callersSpan)
	wantAttributes(t, request, map[string]string{
		"http.route": "/orders/{id}", "http.request.method": "POST", "http.response.status_code": "202", "url.path": "/orders/7",
		"url.scheme": "http", "network.protocol.version": "1.1", "url.query": "",
	})
	send := collector.span(t, "send order")
	wantSpan(t, send, traces.Span_SPAN_KIND_PRODUCER, callersTrace, hex.EncodeToString(request.SpanId))
	process := collector.span(t, "process order")
	wantSpan(t, process, traces.Span_SPAN_KIND_CONSUMER, callersTrace, hex.EncodeToString(send.SpanId))
	wantAttributes(t, process, map[string]string{
		"messaging.system": "memory", "messaging.destination.name": "order", "messaging.operation.name": "process",
		"messaging.operation.type": "process", "fxhost.message.attempt": "1", "fxhost.message.result": "succeeded",
		"messaging.message.id": attributeOf(send.Attributes, "messaging.message.id"), "messaging.message.body.size": "8",
	})
	if len(process.Links) != 0 {
		t.Errorf("links %v", process.Links)
	}
}

func TestARetriedMessageHasATraceOfItsOwnWithALinkToItsSender(t *testing.T) {
	collector := receive(t)
	p := startProgram(t)
	p.post(t, "/doomed", nil)
	await(t, "a dead letter", func() bool { return p.dead(t.Context()) == 1 })
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	send := collector.span(t, "send doomed")
	attempts := collector.named("process doomed")
	if len(attempts) != 2 {
		t.Fatalf("spans %q", collector.names())
	}
	slices.SortFunc(attempts, func(a, b *traces.Span) int { return int(a.StartTimeUnixNano) - int(b.StartTimeUnixNano) })
	wantSpan(t, attempts[0], traces.Span_SPAN_KIND_CONSUMER, hex.EncodeToString(send.TraceId), hex.EncodeToString(send.SpanId))
	wantAttributes(t, attempts[0], map[string]string{"fxhost.message.result": "retried", "error.type": "*errors.errorString"})
	if got := attempts[0].Status; got.Code != traces.Status_STATUS_CODE_ERROR || got.Message != "handling: broken" {
		t.Errorf("status %v", got)
	}
	wantLinked(t, attempts[1], send)
	wantAttributes(t, attempts[1], map[string]string{"fxhost.message.result": "buried", "fxhost.message.attempt": "2"})
}

func wantLinked(t *testing.T, s, sender *traces.Span) {
	t.Helper()
	wantSpan(t, s, traces.Span_SPAN_KIND_CONSUMER, hex.EncodeToString(s.TraceId), "")
	if hex.EncodeToString(s.TraceId) == hex.EncodeToString(sender.TraceId) {
		t.Errorf("span %q is in the trace of the sender", s.Name)
	}
	if len(s.Links) != 1 || hex.EncodeToString(s.Links[0].SpanId) != hex.EncodeToString(sender.SpanId) ||
		hex.EncodeToString(s.Links[0].TraceId) != hex.EncodeToString(sender.TraceId) {
		t.Errorf("span %q has links %v, want one to %x", s.Name, s.Links, sender.SpanId)
	}
}

func TestADelayedMessageHasATraceOfItsOwnWithALinkToItsSender(t *testing.T) {
	collector := receive(t)
	var orders queue.Sender[order]
	handled := make(chan struct{})
	h := hosttest.Start(t, nil, telemetry.Use(), fx.Populate(&orders), queue.Handle[order](func() queue.HandlerFunc[order] {
		return func(context.Context, order) error { close(handled); return nil }
	}))
	if err := orders.Send(t.Context(), order{1}, queue.Delay(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	<-handled
	if err := h.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLinked(t, collector.span(t, "process order"), collector.span(t, "send order"))
}

func TestManyMessagesHaveOneSpanOfTheirSender(t *testing.T) {
	collector := receive(t)
	var orders queue.Sender[order]
	handled := make(chan struct{}, 3)
	h := hosttest.Start(t, nil, telemetry.Use(), fx.Populate(&orders), queue.Handle[order](func() queue.HandlerFunc[order] {
		return func(context.Context, order) error { handled <- struct{}{}; return nil }
	}))
	if err := orders.SendAll(t.Context(), make([]order, 3)); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		<-handled
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	send := collector.span(t, "send order")
	wantAttributes(t, send, map[string]string{"messaging.batch.message_count": "3"})
	for _, s := range collector.named("process order") {
		wantSpan(t, s, traces.Span_SPAN_KIND_CONSUMER, hex.EncodeToString(send.TraceId), hex.EncodeToString(send.SpanId))
	}
	if n := len(collector.named("process order")); n != 3 {
		t.Errorf("%d spans", n)
	}
}

func TestARunOfAJobIsTheRootOfATrace(t *testing.T) {
	collector := receive(t)
	p := startProgram(t)
	p.useAll(t)
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	runs := collector.named("run report")
	if len(runs) != 2 {
		t.Fatalf("spans %q", collector.names())
	}
	slices.SortFunc(runs, func(a, b *traces.Span) int { return int(a.StartTimeUnixNano) - int(b.StartTimeUnixNano) })
	for i, result := range []string{"succeeded", "failed"} {
		wantSpan(t, runs[i], traces.Span_SPAN_KIND_INTERNAL, hex.EncodeToString(runs[i].TraceId), "")
		wantAttributes(t, runs[i], map[string]string{
			"fxhost.job.name": "report", "fxhost.job.trigger": "run_now", "fxhost.job.schedule": "every 1h0m0s", "fxhost.job.result": result,
		})
	}
}

func TestTheStartAndTheStopHaveATraceEachWithASpanForEachService(t *testing.T) {
	collector := receive(t)
	p := startProgram(t)
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for root, names := range map[string][]string{
		"host start": {"start telemetry", "start health", "start web.public", "start faulty", "start queue.order"},
		"host stop":  {"stop health", "stop web.public", "stop faulty", "stop queue.order"},
	} {
		whole := collector.span(t, root)
		wantSpan(t, whole, traces.Span_SPAN_KIND_INTERNAL, hex.EncodeToString(whole.TraceId), "")
		for _, name := range names {
			s := collector.span(t, name)
			wantSpan(t, s, traces.Span_SPAN_KIND_INTERNAL, hex.EncodeToString(whole.TraceId), hex.EncodeToString(whole.SpanId))
			if s.EndTimeUnixNano > whole.EndTimeUnixNano || s.StartTimeUnixNano > s.EndTimeUnixNano {
				t.Errorf("%s is from %d to %d, %s from %d to %d", name, s.StartTimeUnixNano, s.EndTimeUnixNano,
					root, whole.StartTimeUnixNano, whole.EndTimeUnixNano)
			}
		}
	}
}
