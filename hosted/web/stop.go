package web

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// Stream has the context of each request of next end, with the cause [ErrStopping],
// as soon as the server stops. It is for handlers that go on for as long as their
// client wants, such as server-sent events: others have until a second before the
// end of the shutdown budget. A request that was not served by a [Server] is passed
// on as it is.
func Stream(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x, ok := r.Context().Value(exchangeKey{}).(*exchange)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		defer context.AfterFunc(x.run.streams, func() { cancel(ErrStopping) })() //nolint:contextcheck // it tells of the stop
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// stop ends a run; only the first call does anything.
func (r *run) stop(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		timer := time.AfterFunc(left-min(left/2, time.Second), func() { r.cancelBase(ErrStopping) })
		defer timer.Stop()
	}
	r.leaving.Store(true)
	r.mu.Lock()
	r.endStreams(ErrStopping)
	listeners := r.listeners
	r.listeners = nil
	r.mu.Unlock()
	closeAll(listeners)
	going, cancel := context.WithTimeout(ctx, letGo)
	defer cancel()
	r.acceptNoMore(going)
	for _, c := range r.connections.in(http.StateHijacked) {
		c.tell(ErrStopping)
	}

	// Each response tells its client that it was the last one.
	r.wait(going, func() bool {
		return len(r.connections.in(http.StateNew, http.StateActive, http.StateIdle)) == 0
	})
	// Shutdown would wait five seconds for a connection that has never said anything.
	closeConnections(r.connections.in(http.StateNew))
	// net/http leaves HTTP/2 a second after its GOAWAY, however idle a connection is.
	idle := time.AfterFunc(letGo, func() { closeConnections(r.connections.in(http.StateIdle)) })
	defer idle.Stop()
	_ = r.http.Shutdown(ctx) // what is left is counted below
	r.wait(ctx, func() bool {
		return r.requests.Load() == 0 && r.tunnels.Load() == 0 && len(r.connections.in(http.StateHijacked)) == 0
	})
	r.cancelBase(ErrStopping)
	requests, tunnels := r.requests.Load(), max(r.tunnels.Load(), int64(len(r.connections.in(http.StateHijacked))))
	_ = r.http.Close()
	closeConnections(r.connections.in(http.StateHijacked))
	if requests == 0 && tunnels == 0 {
		return nil
	}
	return fmt.Errorf("%w: cut off %d requests and %d hijacked connections", context.Cause(ctx), requests, tunnels)
}

// acceptNoMore waits until nothing is being accepted: nobody would wait for that.
func (r *run) acceptNoMore(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		r.serving.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done(): // a listener that goes on after Close is not ours
	}
}

func closeConnections(all []*connection) {
	for _, c := range all {
		_ = c.Close() // nobody can be told
	}
}

// ended tells whether the stop has begun.
func (r *run) ended() bool { return r.streams.Err() != nil }
