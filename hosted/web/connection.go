package web

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// connections are those of one server.
type connections struct {
	writeTimeout time.Duration
	changed      func() // one has gone, or was hijacked

	mu  sync.Mutex
	all map[*connection]struct{}
}

// connection bounds each write, and knows when it is closed, also after it was
// hijacked, which net/http does not tell.
type connection struct {
	net.Conn
	of    *connections
	state atomic.Int32 // an http.ConnState

	// The deadline of writes is ours until somebody else sets one. It is renewed once
	// a second, and not for each write: a timer costs more than most responses.
	foreign atomic.Bool
	renewed atomic.Int64 // when, in nanoseconds

	mu     sync.Mutex
	closed bool
	cancel context.CancelCauseFunc // of the context of its requests
}

// listener has each connection tracked.
type listener struct {
	net.Listener
	connections *connections
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	accepted, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: accepted, of: l.connections}
	l.connections.mu.Lock()
	defer l.connections.mu.Unlock()
	l.connections.all[c] = struct{}{}
	return c, nil
}

func unwrap(c net.Conn) *connection {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	tracked, _ := c.(*connection)
	return tracked
}

// context is for http.Server.ConnContext.
func (cs *connections) context(ctx context.Context, of net.Conn) context.Context {
	c := unwrap(of)
	ctx, cancel := context.WithCancelCause(ctx)
	c.mu.Lock()
	c.cancel = cancel
	closed := c.closed
	c.mu.Unlock()
	if closed {
		cancel(nil)
	}
	return context.WithValue(ctx, connectionKey{}, c)
}

// connectionKey is the key of the connection in the context of a request.
type connectionKey struct{}

// note is for http.Server.ConnState.
func (cs *connections) note(of net.Conn, state http.ConnState) {
	unwrap(of).state.Store(int32(state))
	if state == http.StateHijacked {
		cs.changed()
	}
}

// in returns those in one of the states.
func (cs *connections) in(states ...http.ConnState) []*connection {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	var found []*connection
	for c := range cs.all {
		for _, state := range states {
			if http.ConnState(c.state.Load()) == state {
				found = append(found, c)
			}
		}
	}
	return found
}

// tell ends the context of the requests of c.
func (c *connection) tell(cause error) {
	c.mu.Lock()
	cancel := c.cancel
	c.mu.Unlock()
	if cancel != nil {
		cancel(cause)
	}
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.tell(nil)
	c.of.mu.Lock()
	delete(c.of.all, c)
	c.of.mu.Unlock()
	c.of.changed()
	return c.Conn.Close()
}

// NetConn returns the connection that c wraps, as that of tls.Conn does.
func (c *connection) NetConn() net.Conn { return c.Conn }

// ours tells whether the deadline of writes is.
func (c *connection) ours() bool {
	return !c.foreign.Load() && http.ConnState(c.state.Load()) != http.StateHijacked
}

// SetWriteDeadline implements net.Conn. net/http sets none after each request, which
// gives it back to us.
func (c *connection) SetWriteDeadline(t time.Time) error {
	if t.IsZero() && !c.foreign.Load() {
		return nil
	}
	c.foreign.Store(!t.IsZero())
	c.renewed.Store(0)
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *connection) SetDeadline(t time.Time) error {
	c.foreign.Store(!t.IsZero())
	c.renewed.Store(0)
	return c.Conn.SetDeadline(t)
}

// renew bounds the writes that follow, unless somebody else does.
func (c *connection) renew(least time.Duration) {
	if now := time.Now(); c.ours() && now.UnixNano()-c.renewed.Load() >= int64(least) {
		c.renewed.Store(now.UnixNano())
		_ = c.Conn.SetWriteDeadline(now.Add(c.of.writeTimeout)) // if it fails, so does the write
	}
}

// Write implements net.Conn. A client that has taken something has more time.
func (c *connection) Write(p []byte) (n int, err error) {
	c.renew(time.Second)
	for {
		written, err := c.Conn.Write(p[n:])
		n += written
		if written == 0 || n == len(p) || !c.ours() || !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, err
		}
		c.renew(0)
	}
}

// part is how much of a file has to go within one deadline.
const part = 64 << 10

// ReadFrom implements io.ReaderFrom, for the system to send files by itself.
func (c *connection) ReadFrom(r io.Reader) (n int64, err error) {
	to, ok := c.Conn.(io.ReaderFrom)
	if !ok {
		return io.Copy(struct{ io.Writer }{c}, r)
	}
	whole, limited := r.(*io.LimitedReader)
	if !limited {
		whole = &io.LimitedReader{R: r, N: 1<<63 - 1}
	}
	for whole.N > 0 {
		c.renew(time.Second)
		// What sends files looks for a LimitedReader, and not for one in another.
		sent, err := to.ReadFrom(&io.LimitedReader{R: whole.R, N: min(part, whole.N)})
		n += sent
		whole.N -= sent
		if err != nil || sent < part {
			return n, err
		}
	}
	return n, nil
}
