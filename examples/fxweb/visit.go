package main

import (
	"net/http"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

// NewScopes has the scope of each request be given the request.
func NewScopes(factory *scope.Factory, log *zap.Logger) *web.Scopes {
	return web.NewScopes(factory, log).With(func(r *http.Request) scope.Input { return scope.With(r) })
}

// Visit is that of one request.
type Visit struct {
	name   string
	visits *Visits
}

// NewVisit is called once in each request that needs it. It takes the request, and
// singletons of the application.
func NewVisit(r *http.Request, visits *Visits) *Visit {
	return &Visit{r.PathValue("name"), visits}
}

// Count counts the visit.
func (v *Visit) Count() { v.visits.Add(v.name) }
