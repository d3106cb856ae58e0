package queuetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/fxhost/fxhost/background/queue"
)

func theWholeBatchIsStored(b *bench) {
	q := b.queue()
	var bodies []string
	for i := range 250 {
		bodies = append(bodies, strconv.Itoa(i))
	}
	b.send(q, bodies...)
	b.must(q.Send(b.soon())) // nothing is a batch, too
	r := b.receive(q, 10)
	b.ackAll(r, bodies...)
	b.nothing(r, moment)
}

func aMessageIsKept(b *bench) {
	b.send(b.queue(), "early")
	other := b.open(b.connect(), b.spec())
	b.ack(b.nextIs(b.receive(other, 1), "early"))
}

func everyFieldArrives(b *bench) {
	q := b.queue()
	sent := []*queue.Envelope{
		{
			ID: "an-id", Type: "orders.Order", Key: "Ærø/7 ☂", ContentType: "application/x-any; v=1",
			Headers: map[string]string{"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "x-empty": ""},
			Body:    []byte("\x00\xff\xfe\r\n\"\\u0000 \xe2\x82"), Sent: time.Now().Add(123456 * time.Microsecond),
		},
		{ID: "another-id", Body: nil, Sent: time.Now().Add(-time.Hour)},
		{ID: "large", Body: bytes.Repeat([]byte{0, 1, 2, 253, 254, 255}, 900<<10/6), Sent: time.Now()},
	}
	if b.can.MaxBody != 0 && b.can.MaxBody < len(sent[2].Body) {
		sent = sent[:2]
	}
	b.must(q.Send(b.soon(), sent...))
	r := b.receive(q, len(sent))
	byID := map[string]*queue.Envelope{}
	for range sent {
		d := b.next(r)
		byID[d.Message().ID] = d.Message()
		b.ack(d)
	}
	for _, want := range sent {
		got := byID[want.ID]
		switch {
		case got == nil:
			b.Errorf("%q has not arrived", want.ID)
		case got.Type != want.Type || got.Key != want.Key || got.ContentType != want.ContentType:
			b.Errorf("%q: got type %q, key %q, content type %q, want %q, %q, %q",
				want.ID, got.Type, got.Key, got.ContentType, want.Type, want.Key, want.ContentType)
		case len(got.Headers)+len(want.Headers) > 0 && !maps.Equal(got.Headers, want.Headers):
			b.Errorf("%q: got headers %q, want %q", want.ID, got.Headers, want.Headers)
		case !bytes.Equal(got.Body, want.Body):
			b.Errorf("%q: got a body of %d bytes, which is not that of %d bytes which was sent", want.ID, len(got.Body), len(want.Body))
		case !got.Sent.Truncate(time.Microsecond).Equal(want.Sent.Truncate(time.Microsecond)):
			b.Errorf("%q: sent at %v, want %v", want.ID, got.Sent, want.Sent)
		}
	}
}

func aBodyThatIsTooLargeIsRefused(b *bench) {
	if b.can.MaxBody == 0 {
		b.Skip("the engine knows no largest body")
	}
	q := b.queue()
	large := message(strings.Repeat("x", b.can.MaxBody+1))
	if err := q.Send(b.soon(), message("small"), large); !errors.Is(err, queue.ErrTooLarge) {
		b.Errorf("error %v, want ErrTooLarge", err)
	}
	b.nothing(b.receive(q, 1), moment)
}

func aDelayedMessageIsNeverEarly(b *bench) {
	const delay = time.Second
	q := b.queue()
	r := b.receive(q, 1)
	begin := time.Now()
	later, muchLater := message("later"), message("much later")
	later.Delay, muchLater.Delay = delay, time.Hour
	b.must(q.Send(b.soon(), muchLater, later))
	b.send(q, "now")
	b.ack(b.nextIs(r, "now"))
	b.close(r)
	b.must(b.first.Close(b.soon())) // it survives what sent it

	r = b.receive(b.open(b.connect(), b.spec()), 1)
	d := b.nextWithin(r, delay+b.can.DelayGrain+b.Patience)
	if got := string(d.Message().Body); got != "later" {
		b.Fatalf("got %q", got)
	}
	b.punctual(time.Since(begin), delay)
	b.ack(d)
	b.nothing(r, moment)
}

// punctual reports what came too early or too late, with some time for the way.
func (b *bench) punctual(came, delay time.Duration) {
	b.Helper()
	if came < delay || came > delay+b.can.DelayGrain+time.Second {
		b.Errorf("came after %v, want %v, at most %v late", came, delay, b.can.DelayGrain)
	}
}

func sendObeysItsContext(b *bench) {
	q := b.queue()
	ctx, cancel := context.WithCancel(b.Context())
	cancel()
	if err := q.Send(ctx, message("no")); err == nil {
		b.Error("Send with a context that has ended returned nil")
	}
	again := message("again")
	b.must(q.Send(b.soon(), again))
	b.must(q.Send(b.soon(), again))
	r := b.receive(q, 10)
	got := 0
	for {
		d, err := r.Next(b.within(moment))
		if err != nil {
			break
		}
		if d.Message().ID == again.ID {
			got++
		}
		b.ack(d)
	}
	if got < 1 || got > 2 || b.can.Dedup > 0 && got > 1 {
		b.Errorf("sent twice, came %d times; IDs are known for %v", got, b.can.Dedup)
	}
}
