package telemetry

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/fxhost/fxhost/internal/observe"
)

// atOnce is how long after it was sent the handling of a message may begin to be part
// of the sender's trace. What comes later has a trace of its own, with a link.
const atOnce = time.Minute

// messages watches what is sent and handled.
type messages struct {
	tracer         trace.Tracer
	sent, consumed metric.Int64Counter
	sending        metric.Float64Histogram
	handling       metric.Float64Histogram
	retried, dead  metric.Int64Counter

	queues sync.Map // *destination by its address
}

func newMessages(t *telemetry) (*messages, error) {
	i := instruments{meter: t.meter}
	m := &messages{
		tracer:   t.tracer,
		sent:     i.messages("messaging.client.sent.messages", "Messages that were sent, or should have been."),
		consumed: i.messages("messaging.client.consumed.messages", "Attempts at messages, whatever became of them."),
		sending:  i.histogram("messaging.client.operation.duration", "How long the sending of messages took.", seconds()),
		handling: i.histogram("messaging.process.duration", "How long the handler of a message took.", seconds()),
		retried:  i.messages("fxhost.messages.retried", "Attempts that failed, of messages that are tried again."),
		dead:     i.messages("fxhost.messages.dead", "Messages that became dead letters."),
	}
	return m, i.err
}

// address is what the attributes of a queue depend on.
type address struct{ queue, engine string }

// destination is a queue, with the attributes that are the same for all its messages.
type destination struct {
	sends, processes string // names of spans

	sending, processing             []attribute.KeyValue
	measureSending, measureHandling metric.MeasurementOption
}

func (m *messages) destination(queue, engine string) *destination {
	at := address{queue, engine}
	if known, ok := m.queues.Load(at); ok {
		return known.(*destination) //nolint:forcetypeassert // nothing else is stored
	}
	of := func(name string, operation attribute.KeyValue) []attribute.KeyValue {
		return []attribute.KeyValue{
			semconv.MessagingSystemKey.String(engine), semconv.MessagingDestinationName(queue), semconv.MessagingOperationName(name), operation,
		}
	}
	d := &destination{
		sends: "send " + queue, processes: "process " + queue,
		sending: of("send", semconv.MessagingOperationTypeSend), processing: of("process", semconv.MessagingOperationTypeProcess),
	}
	d.measureSending = metric.WithAttributeSet(attribute.NewSet(d.sending...))
	d.measureHandling = metric.WithAttributeSet(attribute.NewSet(d.processing...))
	known, _ := m.queues.LoadOrStore(at, d)
	return known.(*destination) //nolint:forcetypeassert // nothing else is stored
}

// send implements the Send of an observer.
func (m *messages) send(ctx context.Context, s observe.Send) (context.Context, func(error)) {
	began := time.Now()
	d := m.destination(s.Queue, s.Engine)
	ctx, span := m.tracer.Start(ctx, d.sends, trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(d.sending...))
	if span.IsRecording() {
		if s.ID != "" {
			span.SetAttributes(semconv.MessagingMessageID(s.ID))
		} else {
			span.SetAttributes(semconv.MessagingBatchMessageCount(s.Messages))
		}
	}
	return ctx, func(err error) {
		measured := d.measureSending
		if err != nil {
			kind := fail(span, err)
			measured = metric.WithAttributes(append(slices.Clip(d.sending), kind)...)
		}
		m.sent.Add(ctx, int64(s.Messages), measured)
		m.sending.Record(ctx, time.Since(began).Seconds(), measured)
		span.End()
	}
}

// handle implements the Handle of an observer.
func (m *messages) handle(ctx context.Context, in observe.Delivery) (context.Context, func(observe.DeliveryEnd)) {
	d := m.destination(in.Queue, in.Engine)
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(d.processing...)}
	if sender := trace.SpanContextFromContext(ctx); !handledAtOnce(in) {
		options = append(options, trace.WithNewRoot())
		if sender.IsValid() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: sender}))
		}
	}
	ctx, span := m.tracer.Start(ctx, d.processes, options...)
	if span.IsRecording() {
		span.SetAttributes(semconv.MessagingMessageID(in.ID), semconv.MessagingMessageBodySize(in.Bytes), messageAttempt.Int(in.Attempt))
	}
	return ctx, func(end observe.DeliveryEnd) {
		measured := d.measureHandling
		if span.IsRecording() {
			span.SetAttributes(messageResult.String(string(end.Result)))
		}
		if end.Result != observe.Succeeded {
			kind := unfinished(span, end)
			measured = metric.WithAttributes(append(slices.Clip(d.processing), kind)...)
			lost := metric.WithAttributes(semconv.MessagingDestinationName(in.Queue), kind)
			switch end.Result {
			case observe.Retried:
				m.retried.Add(ctx, 1, lost)
			case observe.Buried:
				m.dead.Add(ctx, 1, lost)
			default: // nobody has to look after it
			}
		}
		m.consumed.Add(ctx, 1, measured)
		m.handling.Record(ctx, end.Took.Seconds(), measured)
		span.End()
	}
}

// handledAtOnce tells whether the handling is part of what the sender did. If not, a
// trace would be as long as the wait is.
func handledAtOnce(in observe.Delivery) bool {
	return in.Attempt <= 1 && !in.Delayed && time.Since(in.Sent) < atOnce
}

// unfinished notes what has become of a message that was not handled. A message that
// a stop has cut off has not failed.
func unfinished(span trace.Span, end observe.DeliveryEnd) attribute.KeyValue {
	switch end.Result {
	case observe.Retried, observe.Buried:
		if end.Err != nil {
			return fail(span, end.Err)
		}
	default:
	}
	kind := semconv.ErrorTypeKey.String(string(end.Result))
	span.SetAttributes(kind)
	return kind
}

// fail notes err, and returns its type.
func fail(span trace.Span, err error) attribute.KeyValue {
	kind := errorType(err)
	if span.IsRecording() {
		span.SetStatus(codes.Error, text(err))
		span.SetAttributes(kind)
	}
	return kind
}
