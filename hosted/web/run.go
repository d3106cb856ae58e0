package web

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// ErrStopping is the cause of the context of a request that ends because the server
// stops.
var ErrStopping = errors.New("web: the server is stopping")

// letGo is how long a server that stops waits for connections to go by themselves:
// closing one that seems idle may cut off a request that is on its way.
const letGo = 250 * time.Millisecond

// run is what a server is from one start to its stop.
type run struct {
	log          *zap.Logger
	http         *http.Server
	urls         []string
	handler      http.Handler // of the application
	middleware   http.Handler // around it, nil if there is none
	scopes       *Scopes      // nil if there are none
	accessLog    bool
	quiet        []string
	maxBody      int64
	rate         DataRate
	writeTimeout time.Duration

	base       context.Context //nolint:containedctx // of all requests
	cancelBase context.CancelCauseFunc
	streams    context.Context //nolint:containedctx // ends when the stop begins
	endStreams context.CancelCauseFunc

	connections *connections
	leaving     atomic.Bool  // clients are told to go elsewhere
	requests    atomic.Int64 // that are served, without those that were hijacked
	tunnels     atomic.Int64 // handlers that have hijacked their connection
	changes     chan struct{}

	serving sync.WaitGroup
	done    chan struct{} // closed when one listener is served no more

	mu        sync.Mutex
	listeners []net.Listener
	failed    []error
	doneOnce  sync.Once
}

func newRun(s *Server, settings *Settings) *run {
	limits := &settings.Limits
	r := &run{
		log: s.in.Log, handler: s.handler, scopes: s.in.Scopes, accessLog: s.accessLog, quiet: s.quiet,
		maxBody: int64(limits.MaxRequestBodySize), rate: limits.MinRequestBodyDataRate, writeTimeout: limits.ResponseWriteTimeout,
		changes: make(chan struct{}, 1), done: make(chan struct{}),
	}
	r.base, r.cancelBase = context.WithCancelCause(context.Background())
	r.streams, r.endStreams = context.WithCancelCause(context.Background())
	r.connections = &connections{writeTimeout: r.writeTimeout, changed: r.changed, all: map[*connection]struct{}{}}
	for _, wrap := range s.in.Middleware {
		if r.middleware == nil {
			r.middleware = http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				req.Context().Value(exchangeKey{}).(*exchange).handle(w, req) //nolint:forcetypeassert // ServeHTTP has put it there
			})
		}
		r.middleware = wrap(r.middleware)
	}
	r.http = &http.Server{
		ReadHeaderTimeout: limits.RequestHeadersTimeout,
		IdleTimeout:       limits.KeepAliveTimeout,
		MaxHeaderBytes:    int(limits.MaxRequestHeadersTotalSize),
		Protocols:         protocols(settings.Protocols),
		ErrorLog:          log.New(errorLog{s.in.Log}, "", 0),
	}
	for _, configure := range s.configure {
		configure(r.http)
	}
	noted, withContext := r.http.ConnState, r.http.ConnContext
	r.http.Handler = r
	r.http.BaseContext = func(net.Listener) context.Context { return r.base }
	r.http.ConnState = func(c net.Conn, state http.ConnState) {
		r.connections.note(c, state)
		if noted != nil {
			noted(c, state)
		}
	}
	r.http.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		ctx = r.connections.context(ctx, c)
		if withContext != nil {
			ctx = withContext(ctx, c)
		}
		return ctx
	}
	return r
}

func protocols(setting string) *http.Protocols {
	p := &http.Protocols{}
	p.SetHTTP1(setting != http2)
	p.SetHTTP2(setting != http1)
	p.SetUnencryptedHTTP2(setting == http2 || setting == http1And2)
	return p
}

// errorLog has what net/http says in the log: handshakes that failed, accepts that
// are tried again, handlers that write a header twice.
type errorLog struct{ log *zap.Logger }

// Write implements io.Writer.
func (l errorLog) Write(line []byte) (int, error) {
	l.log.Warn("message of net/http", zap.String("error", strings.TrimSpace(string(line))))
	return len(line), nil
}

// serve serves what l accepts until it is closed.
func (r *run) serve(l net.Listener, url string, tls bool) {
	r.mu.Lock()
	r.listeners = append(r.listeners, l)
	r.mu.Unlock()
	r.serving.Go(func() {
		serve := r.http.Serve
		if tls {
			serve = func(l net.Listener) error { return r.http.ServeTLS(l, "", "") }
		}
		err := serve(l)
		r.mu.Lock()
		if r.streams.Err() == nil { // nobody has asked for it
			r.failed = append(r.failed, fmt.Errorf("%s accepts no more connections: %w", url, err))
		}
		r.mu.Unlock()
		r.doneOnce.Do(func() { close(r.done) })
	})
}

func (r *run) failures() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// changed wakes a stop that waits for the last request.
func (r *run) changed() {
	if r.streams.Err() == nil {
		return
	}
	select {
	case r.changes <- struct{}{}:
	default:
	}
}

// wait waits until over or the end of ctx.
func (r *run) wait(ctx context.Context, over func() bool) {
	for !over() {
		select {
		case <-r.changes:
		case <-ctx.Done():
			return
		}
	}
}
