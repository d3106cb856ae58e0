package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

// What a scope adds to a request that does not use it, and to one that does.
func BenchmarkHandler(b *testing.B) {
	var scopes *web.Scopes
	app := fx.New(fx.NopLogger, scope.Module(), scope.Value[*http.Request](), fx.Provide(zap.NewNop, web.NewScopes),
		scope.Provide(func() *Cart { return &Cart{} }), fx.Populate(&scopes))
	if err := app.Err(); err != nil {
		b.Fatal(err)
	}
	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
	run := func(name string, next http.HandlerFunc) {
		handler := scopes.Handler(next)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(w, r)
			}
		})
	}
	run("unused", func(http.ResponseWriter, *http.Request) {})
	run("one Get", func(_ http.ResponseWriter, r *http.Request) {
		if _, err := web.Get[*Cart](r); err != nil {
			b.Fatal(err)
		}
	})
	scopes.With(func(r *http.Request) scope.Input { return scope.With(r) })
	run("one input", func(http.ResponseWriter, *http.Request) {})
}
