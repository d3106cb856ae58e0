package web

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// responseWriter knows what was written, and has the client go elsewhere when the
// server stops. http.ResponseController finds what it wraps.
type responseWriter struct {
	http.ResponseWriter

	exchange *exchange
	status   atomic.Int32 // 0 before the header
	bytes    int64
	hijacked bool
	foreign  atomic.Bool // the handler has set a deadline
}

// Unwrap is for http.ResponseController.
func (w *responseWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Status is that of the response, 0 as long as it has none. Middleware finds it below
// writers that have Unwrap.
func (w *responseWriter) Status() int { return int(w.status.Load()) }

// begin is called before the header is written.
func (w *responseWriter) begin(status int) {
	if w.status.Load() != 0 || status < 200 && status != http.StatusSwitchingProtocols || status > 999 { // net/http panics
		return
	}
	if w.status.Store(int32(status)); status >= 200 && w.exchange.run.leaving.Load() {
		w.Header().Set("Connection", "close") // over HTTP/2 it makes net/http send GOAWAY
	}
}

// WriteHeader implements http.ResponseWriter.
func (w *responseWriter) WriteHeader(status int) {
	w.begin(status)
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *responseWriter) Write(p []byte) (n int, err error) {
	w.begin(http.StatusOK)
	if !w.multiplexed() {
		w.exchange.body.leave()
		n, err = w.ResponseWriter.Write(p)
		w.bytes += int64(n)
		return n, err
	}
	// A client that takes nothing of one stream does not stall the connection, so
	// that its deadline says nothing. That of a stream is not for the time in between.
	for {
		w.deadline(w.exchange.run.writeTimeout)
		written, err := w.ResponseWriter.Write(p[n:min(len(p), n+part)])
		w.deadline(0)
		n += written
		w.bytes += int64(written)
		if err != nil || n == len(p) {
			return n, err
		}
	}
}

// WriteString implements io.StringWriter.
func (w *responseWriter) WriteString(s string) (n int, err error) {
	if w.multiplexed() {
		return w.Write([]byte(s))
	}
	w.begin(http.StatusOK)
	w.exchange.body.leave()
	n, err = io.WriteString(w.ResponseWriter, s)
	w.bytes += int64(n)
	return n, err
}

// ReadFrom implements io.ReaderFrom, for net/http to have the system send files.
func (w *responseWriter) ReadFrom(r io.Reader) (n int64, err error) {
	to, ok := w.ResponseWriter.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{w}, r)
	}
	w.begin(http.StatusOK)
	w.exchange.body.leave()
	n, err = to.ReadFrom(r)
	w.bytes += n
	return n, err
}

// FlushError is for http.ResponseController.
func (w *responseWriter) FlushError() error {
	w.begin(http.StatusOK)
	w.exchange.body.leave()
	if w.multiplexed() {
		w.deadline(w.exchange.run.writeTimeout)
		defer w.deadline(0)
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// Flush implements http.Flusher.
func (w *responseWriter) Flush() { _ = w.FlushError() } // there is nobody to tell

// Hijack implements http.Hijacker.
func (w *responseWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, buffered, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if r := w.exchange.run; err == nil && !w.hijacked {
		w.hijacked = true
		r.tunnels.Add(1)
		r.requests.Add(-1)
		if tracked := unwrap(c); tracked != nil && r.ended() {
			tracked.tell(ErrStopping) // whoever told the others has not seen it
		}
	}
	return c, buffered, err
}

// SetReadDeadline is for http.ResponseController: a handler that sets a deadline
// looks after the rate of the body itself.
func (w *responseWriter) SetReadDeadline(t time.Time) error {
	w.exchange.body.foreign.Store(true)
	return http.NewResponseController(w.ResponseWriter).SetReadDeadline(t)
}

// SetWriteDeadline is for http.ResponseController: a handler that sets a deadline, or
// none, has its own until it returns.
func (w *responseWriter) SetWriteDeadline(t time.Time) error {
	w.foreign.Store(true)
	c, _ := w.exchange.context.Value(connectionKey{}).(*connection)
	if c == nil || w.multiplexed() {
		return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(t)
	}
	c.foreign.Store(true) // or it would take no deadline for that of net/http
	defer c.foreign.Store(true)
	return http.NewResponseController(w.ResponseWriter).SetWriteDeadline(t)
}

// multiplexed tells whether the connection serves several requests at a time.
func (w *responseWriter) multiplexed() bool { return w.exchange.request.ProtoMajor >= 2 }

// deadline bounds the writes of a stream, zero has it no bound.
func (w *responseWriter) deadline(limit time.Duration) {
	if w.foreign.Load() {
		return
	}
	var t time.Time
	if limit > 0 {
		t = time.Now().Add(limit)
	}
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(t) // what is no stream has no deadline
}

// finish is called when the handler has returned.
func (w *responseWriter) finish() {
	body := &w.exchange.body
	if w.status.Load() == 0 && body.status != 0 {
		http.Error(w, http.StatusText(body.status), body.status)
	}
	w.begin(http.StatusOK)
	if w.multiplexed() {
		w.deadline(w.exchange.run.writeTimeout) // of what is still to be sent
	}
	body.finish()
}
