package main

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"
	"go.uber.org/zap"
)

// Tenant is the owner of the notes that a request is about.
type Tenant string

var errNoTenant = errors.New("no header X-Tenant")

// NewTenant is called once in each request that needs it.
func NewTenant(r *http.Request) (Tenant, error) {
	tenant := r.Header.Get("X-Tenant")
	if tenant == "" {
		return "", errNoTenant
	}
	return Tenant(tenant), nil
}

// Trail records what a request does.
type Trail struct{ steps []string }

// NewTrail is called once in each request that needs it. The function that it
// returns is called at the end of the request.
func NewTrail(r *http.Request, log *zap.Logger) (*Trail, func()) {
	trail := &Trail{}
	return trail, func() {
		log.Info("request", zap.String("note", chi.URLParam(r, "name")), zap.Strings("did", trail.steps))
	}
}

// Did adds a step.
func (t *Trail) Did(step string) { t.steps = append(t.steps, step) }
