// Command web is a small shop: an API with a scope for each request, a stream of
// events, a job, probes, and a page to watch it by, whose link is written to the
// terminal. Ctrl-C answers the requests that are on their way, and ends:
//
//	go run .
//	curl -H 'X-Customer: ada' -d tea localhost:8080/orders
//	curl localhost:8081/readyz?verbose
package main

import (
	"context"
	"net/http"
	"os"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/admin"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(shop())
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

func shop() fx.Option {
	return fx.Options(
		fx.Provide(NewStore, NewScopes),
		background.AddJob[*Report](NewReport, background.Every(10*time.Second)),

		// Each request has its own.
		scope.Value[*http.Request](),
		scope.Provide(NewOrders),

		// It starts last and stops first, wherever it is added.
		web.AddServer("public", NewAPI, web.AccessLog("/livez")),

		// They start first and stop last.
		health.Use(),
		admin.Use(),
	)
}

// NewScopes has the scope of each request be given the request.
func NewScopes(factory *scope.Factory, log *zap.Logger) *web.Scopes {
	return web.NewScopes(factory, log).With(func(r *http.Request) scope.Input { return scope.With(r) })
}

// Report is a job that tells how much was ordered.
type Report struct {
	store *Store
	log   *zap.Logger
}

func NewReport(store *Store, log *zap.Logger) *Report { return &Report{store, log} }

func (r *Report) Run(context.Context) error { //nolint:unparam // of background.Job
	r.log.Info("ordered so far", zap.Int("orders", r.store.Count()))
	return nil
}
