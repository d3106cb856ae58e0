package web

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/ambient"
	"github.com/fxhost/fxhost/internal/fields"
)

// Scopes gives each request a scope (ASP.NET Core: HttpContext.RequestServices),
// which is opened when it is first asked for. A server of [AddServer] does so without it.
// Provide it with fx.Provide(web.NewScopes) to pass values to the scopes, see
// [Scopes.With]; these servers then use it. [Scopes.Handler] is middleware of the usual form, for any
// other server or router.
type Scopes struct {
	factory *scope.Factory
	log     *zap.Logger
	inputs  []func(*http.Request) scope.Input
}

// NewScopes returns middleware. Errors of closing a scope go to log, under the name
// web.Scopes, because the response has been written by then. The application needs
// scope.Module, or package host, and a logger.
func NewScopes(factory *scope.Factory, log *zap.Logger) *Scopes {
	return &Scopes{factory: factory, log: log.Named("web.Scopes")}
}

// With passes the result of input to the scope of each request: the request itself, for
// example, or the tenant in a header. See scope.With. Call it before the first request.
// It returns s.
//
// input is called when the scope is opened, by the goroutine that asks for it
// first; it must not ask for the scope itself. Its argument is the request that the
// handler gets. It has the path parameters once the router has run, unless middleware
// between Handler and the router copies the request, as http.Request.WithContext does;
// that of [Use] may copy it.
func (s *Scopes) With(input func(*http.Request) scope.Input) *Scopes {
	s.inputs = append(s.inputs, input)
	return s
}

// Handler calls next with a request that has a scope (see [Get] and scope.From),
// and closes the scope when next has returned, or panicked: the panic goes on.
// Cleanup functions get a context with the values of the request's context that is not
// cancelled with it, so that a transaction is rolled back also if the client has gone.
// They have no time limit but their own.
//
// The scope is not for goroutines that outlive the handler: their Get returns
// scope.ErrClosed.
//
// A request that does not ask for its scope costs two allocations; the first one to
// ask opens it.
func (s *Scopes) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok && x.scope.scopes == s {
			next.ServeHTTP(w, r) // the server gives it one
			return
		}
		c := &scopeContext{Context: r.Context(), scopes: s, within: r.Context()}
		c.request = r.WithContext(c) //nolint:contextcheck // it is around that of the request
		defer c.close()              //nolint:contextcheck // the closers must not end with the request
		next.ServeHTTP(w, c.request)
	})
}

// ErrNoScope is the error of [Get] for a request that came neither through
// [Scopes.Handler] nor through a server of an application with scopes.
var ErrNoScope = errors.New("web: the request has no scope: serve it with web.AddServer, or put Scopes.Handler in front of its handler")

// Get returns the T of the request's scope, like scope.Get. The first call for a request
// opens the scope. If it has none, the error is [ErrNoScope].
func Get[T any](r *http.Request) (T, error) {
	opened, ok := scope.From(r.Context())
	if !ok {
		var none T
		return none, ErrNoScope
	}
	return scope.Get[T](opened)
}

// scopeContext is the context of a request, which opens the scope of the request
// when it is first asked for.
type scopeContext struct {
	context.Context //nolint:containedctx // it is one

	scopes  *Scopes // nil if requests have no scope
	request *http.Request
	within  context.Context //nolint:containedctx // that of the scope: with what middleware has put into it

	mu     sync.Mutex
	opened *scope.Scope
	closed bool
}

// Value implements context.Context.
func (c *scopeContext) Value(key any) any {
	if _, ok := key.(ambient.Key); ok && c.scopes != nil {
		return c.open()
	}
	return c.Context.Value(key)
}

// follow has the scope take the request that middleware has made of its own, with what
// that has put into its context.
func (c *scopeContext) follow(r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.request, c.within = r, outside{r.Context(), c.Context}
}

// outside is the context of a request as its scope is given it: without the scope
// itself, which a constructor could otherwise ask for what it is about to return.
type outside struct {
	context.Context //nolint:containedctx // it is one

	given context.Context //nolint:containedctx // the one that the server was given
}

// Value implements context.Context.
func (c outside) Value(key any) any {
	if _, ok := key.(ambient.Key); ok {
		return c.given.Value(key)
	}
	return c.Context.Value(key)
}

func (c *scopeContext) open() *scope.Scope {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.opened != nil {
		return c.opened
	}
	inputs := make([]scope.Input, len(c.scopes.inputs))
	for i, input := range c.scopes.inputs {
		inputs[i] = input(c.request)
	}
	c.opened = c.scopes.factory.New(c.within, inputs...)
	if c.closed { // the handler has returned: nothing may be made any more
		_ = c.opened.Close(context.WithoutCancel(c.within)) // there is nothing to close
	}
	return c.opened
}

// close closes the scope, if it was opened.
func (c *scopeContext) close() {
	c.mu.Lock()
	opened := c.opened
	c.closed = true
	c.mu.Unlock()
	if opened == nil {
		return
	}
	if err := opened.Close(context.WithoutCancel(c.within)); err != nil {
		c.scopes.log.Error("request scope failed to close", zap.String(fields.Path, c.request.URL.Path), zap.Error(err))
	}
}
