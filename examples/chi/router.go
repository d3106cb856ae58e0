package main

import (
	"errors"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

// NewRouter returns the routes, with a scope for each request.
func NewRouter(scopes *web.Scopes) *chi.Mux {
	scopes.With(func(r *http.Request) scope.Input { return scope.With(r) })
	router := chi.NewRouter()
	router.Use(scopes.Handler)
	router.Get("/notes/{name}", read)
	router.Put("/notes/{name}", write)
	return router
}

func read(w http.ResponseWriter, r *http.Request) {
	notes, err := web.Get[*Notes](r)
	if err != nil {
		refuse(w, err)
		return
	}
	text, ok := notes.Read(chi.URLParam(r, "name"))
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(w, text) // the client may have gone
}

func write(w http.ResponseWriter, r *http.Request) {
	notes, err := web.Get[*Notes](r)
	if err != nil {
		refuse(w, err)
		return
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "a note has at most one megabyte", http.StatusBadRequest)
		return
	}
	notes.Write(chi.URLParam(r, "name"), string(text))
	w.WriteHeader(http.StatusNoContent)
}

// refuse answers a request whose values could not be created.
func refuse(w http.ResponseWriter, err error) {
	if errors.Is(err, errNoTenant) {
		http.Error(w, errNoTenant.Error(), http.StatusBadRequest)
		return
	}
	http.Error(w, "internal error", http.StatusInternalServerError)
}
