package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// requestBody has the body of a request come at a minimum rate. Only the time counts
// for which the handler waits for it.
type requestBody struct {
	exchange *exchange
	body     io.ReadCloser // nil if the request has none
	foreign  atomic.Bool   // the handler has set a deadline
	reading  atomic.Bool   // somebody does, maybe while the response is written
	over     atomic.Bool   // read to its end, or failed
	status   int           // of a response to what was wrong with it, 0 if nothing was

	size    int64
	waited  time.Duration
	renewed atomic.Int64 // the deadline, when, in nanoseconds
}

// Read implements io.Reader.
func (b *requestBody) Read(p []byte) (int, error) {
	rate := b.exchange.run.rate
	if rate.BytesPerSecond == 0 || b.foreign.Load() {
		n, err := b.body.Read(p)
		return n, b.check(err)
	}
	b.reading.Store(true)
	defer b.reading.Store(false)
	now := time.Now()
	stream := b.exchange.writer.multiplexed() // whose deadline counts whether somebody reads or not
	if stream || now.UnixNano()-b.renewed.Load() >= int64(time.Second) {
		b.renewed.Store(now.UnixNano())
		earned := time.Duration(float64(b.size) / float64(rate.BytesPerSecond) * float64(time.Second))
		b.deadline(now.Add(rate.GracePeriod + earned - b.waited + time.Second)) // a second, because it is not renewed each time
	}
	n, err := b.body.Read(p)
	b.size += int64(n)
	b.waited += time.Since(now)
	if stream || err == io.EOF {
		b.deadline(time.Time{})
	}
	return n, b.check(err)
}

// Close implements io.Closer.
func (b *requestBody) Close() error {
	b.leave()
	return b.body.Close()
}

// check notes what is wrong, for a handler that does not answer itself.
func (b *requestBody) check(err error) error {
	if err == nil {
		return nil
	}
	b.over.Store(true)
	switch {
	case errors.As(err, new(*http.MaxBytesError)):
		b.status = http.StatusRequestEntityTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded) && !b.foreign.Load():
		b.status = http.StatusRequestTimeout
		return fmt.Errorf("web: the request body comes with less than %d bytes a second: %w", b.exchange.run.rate.BytesPerSecond, err)
	}
	return err
}

// leave is called before the body is closed and before the response is written: net/http
// may then read what the handler has not, up to a limit, and takes all the time for it
// that there is. When it has come to the end, it removes the deadline.
func (b *requestBody) leave() {
	if b.exchange == nil || b.exchange.run.rate.BytesPerSecond == 0 || b.reading.Load() {
		return
	}
	b.renewed.Store(0) // a handler that reads on has its own deadline
	b.finish()
}

// finish is called when the handler has returned. What it has not read, net/http
// reads, so that the connection can be used again.
func (b *requestBody) finish() {
	if b.body == nil || b.over.Load() || b.foreign.Load() || b.exchange.writer.multiplexed() {
		return
	}
	b.deadline(time.Now().Add(b.exchange.run.rate.GracePeriod))
}

func (b *requestBody) deadline(t time.Time) {
	// The writer that is wrapped: its own method is for the handler.
	_ = http.NewResponseController(b.exchange.writer.ResponseWriter).SetReadDeadline(t) // what has no deadline is not slow
}
