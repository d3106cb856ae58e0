package web

import (
	"context"
	"net/http"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/fields"
)

// exchange is one request and its response. It is allocated in one piece.
type exchange struct {
	run      *run
	request  *http.Request // as the server gives it to middleware
	scope    scopeContext  // of the request
	context  exchangeContext
	writer   responseWriter
	body     requestBody
	began    time.Time // zero without an access log
	returned bool      // the handler has returned: it has not panicked

	// Middleware such as http.TimeoutHandler answers while the handler goes on.
	called atomic.Bool // the handler was, and closes the scope
	route  atomic.Pointer[string]
}

// exchangeKey is the key of the exchange in the context of its request.
type exchangeKey struct{}

// exchangeContext is the context of the request.
type exchangeContext struct {
	context.Context //nolint:containedctx // it is one

	exchange *exchange
}

// Value implements context.Context.
func (c *exchangeContext) Value(key any) any {
	if _, ok := key.(exchangeKey); ok {
		return c.exchange
	}
	return c.exchange.scope.Value(key)
}

// ServeHTTP implements http.Handler.
func (r *run) ServeHTTP(w http.ResponseWriter, given *http.Request) {
	x := &exchange{run: r}
	r.requests.Add(1)
	defer x.end()                                               //nolint:contextcheck // the closers must not end with the request
	x.scope.Context, x.scope.scopes = given.Context(), r.scopes //nolint:fatcontext // one for each request
	x.scope.within = given.Context()
	x.context = exchangeContext{given.Context(), x}
	x.writer = responseWriter{ResponseWriter: w, exchange: x}
	if r.accessLog {
		x.began = time.Now()
	}
	request := given.WithContext(&x.context) //nolint:contextcheck // it is around that of the request
	x.request, x.scope.request = request, request
	if request.ContentLength != 0 && request.Body != nil {
		x.body.exchange, x.body.body = x, http.MaxBytesReader(w, request.Body, r.maxBody)
		if request.ContentLength > r.maxBody {
			x.returned = true
			http.Error(&x.writer, "request body too large", http.StatusRequestEntityTooLarge)
			return
		}
		request.Body = &x.body
	}
	if r.middleware == nil {
		x.handle(&x.writer, request)
	} else {
		r.middleware.ServeHTTP(&x.writer, request)
	}
	x.returned = true
}

// handle calls the handler of the application. A panic becomes status 500 as long as
// there is no other; net/http would only close the connection.
func (x *exchange) handle(w http.ResponseWriter, r *http.Request) {
	x.called.Store(true)
	defer func() { //nolint:contextcheck // the closers must not end with the request
		x.route.Store(&r.Pattern)
		x.scope.close()
		value := recover()
		if value == nil {
			return
		}
		if value != http.ErrAbortHandler { //nolint:errorlint // net/http looks for this one, too
			x.run.log.Error("request panicked", zap.String(fields.Method, r.Method), zap.String(fields.Path, r.URL.Path),
				zap.Error(&hosted.PanicError{Value: value}), zap.String(fields.Stack, string(debug.Stack())))
			if x.writer.status.Load() == 0 && !x.writer.hijacked {
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
				return
			}
		}
		panic(http.ErrAbortHandler)
	}()
	if r != x.request {
		x.scope.follow(r)
	}
	x.run.handler.ServeHTTP(w, r)
}

// end is deferred.
func (x *exchange) end() {
	r := x.run
	if !x.called.Load() { // middleware may have opened the scope, and answered itself
		x.scope.close()
	}
	if x.returned && !x.writer.hijacked {
		x.writer.finish()
	}
	if r.accessLog && !slices.Contains(r.quiet, x.request.URL.Path) {
		x.log()
	}
	if x.writer.hijacked {
		r.tunnels.Add(-1)
	} else {
		r.requests.Add(-1)
	}
	r.changed()
}

// log writes the access log.
func (x *exchange) log() {
	request, status, route := x.request, int(x.writer.status.Load()), ""
	if status == 0 {
		status = http.StatusOK
	}
	if pattern := x.route.Load(); pattern != nil {
		route = *pattern
	}
	x.run.log.Info("request", zap.String(fields.Method, request.Method), zap.String(fields.Path, request.URL.Path),
		zap.String(fields.Route, route), zap.Int(fields.Status, status), zap.Int64(fields.Bytes, x.writer.bytes),
		zap.Duration(fields.Elapsed, time.Since(x.began)), zap.Bool(fields.Aborted, !x.returned))
}
