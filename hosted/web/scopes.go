// Package web connects net/http with hosted services: a scope for each request.
package web

import (
	"context"
	"errors"
	"net/http"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/fields"
)

// Scopes opens a scope for each request (ASP.NET Core: HttpContext.RequestServices).
// Provide it with fx.Provide(web.NewScopes). Its Handler is middleware of the
// usual form, for any router.
type Scopes struct {
	factory *scope.Factory
	log     *zap.Logger
	inputs  []func(*http.Request) scope.Input
}

// NewScopes returns middleware that logs to log, under the name web.Scopes, what
// went wrong when a scope was closed: by then the response is decided. The
// application needs scope.Module, or package host, and a logger.
func NewScopes(factory *scope.Factory, log *zap.Logger) *Scopes {
	return &Scopes{factory: factory, log: log.Named("web.Scopes")}
}

// With has each scope be given what input makes of its request, such as the
// request itself or the tenant in a header; see scope.With. Call it before the
// first request. It returns s.
//
// The request is the one that the handler gets. What a router finds in the path
// is in it from the moment when the router has run: at once if Handler is behind
// the router, and otherwise only if no middleware between the two copies the
// request, as http.Request.WithContext does.
func (s *Scopes) With(input func(*http.Request) scope.Input) *Scopes {
	s.inputs = append(s.inputs, input)
	return s
}

// Handler calls next with a request that has a scope (see [Get] and scope.From),
// and closes the scope when next has returned, or panicked: the panic goes on.
// The closers get the values of the request's context, but do not end with it:
// a client that has gone must not keep a transaction from being rolled back. They
// have no time limit but their own.
//
// The scope is not for goroutines that outlive the handler: their Get returns
// scope.ErrClosed.
//
// Apart from what the scope makes, a request costs constant time and five
// allocations, and two more for its inputs.
func (s *Scopes) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := r.WithContext(r.Context()) // a copy, which the inputs and next share
		inputs := make([]scope.Input, len(s.inputs))
		for i, input := range s.inputs {
			inputs[i] = input(request)
		}
		opened := s.factory.New(r.Context(), inputs...)
		defer func() { //nolint:contextcheck // the closers must not end with the request
			if err := opened.Close(context.WithoutCancel(r.Context())); err != nil {
				s.log.Error("request scope failed to close", zap.String(fields.Path, r.URL.Path), zap.Error(err))
			}
		}()
		*request = *r.WithContext(scope.NewContext(r.Context(), opened))
		next.ServeHTTP(w, request)
	})
}

// ErrNoScope is the error of [Get] for a request that did not come through
// [Scopes.Handler].
var ErrNoScope = errors.New("web: the request has no scope: put Scopes.Handler in front of its handler")

// Get returns the T of the request's scope, see scope.Get, which it costs and a
// look into the request's context.
func Get[T any](r *http.Request) (T, error) {
	opened, ok := scope.From(r.Context())
	if !ok {
		var none T
		return none, ErrNoScope
	}
	return scope.Get[T](opened)
}
