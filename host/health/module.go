package health

import (
	"errors"
	"fmt"
	"net/http"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/live"
	"github.com/fxhost/fxhost/internal/outline"
	"github.com/fxhost/fxhost/internal/probe"
)

// Use provides *[Health] and serves the probes as the section Health of the configuration
// says, see [Options] (.NET: AddHealthChecks, MapHealthChecks). It needs package host.
func Use() fx.Option {
	return fx.Options(config.Configure[Options]("Health"), mount())
}

// Module is Use for an fx application without the configuration of package host: with
// options from code, and [hosted.Module].
//
// [hosted.Module]: https://pkg.go.dev/github.com/fxhost/fxhost/hosted#Module
func Module(options Options) fx.Option {
	if err := options.Validate(); err != nil {
		return fx.Error(fmt.Errorf("health: Options.Urls: %q: %w", options.Urls, errors.Unwrap(err)))
	}
	return fx.Options(fx.Supply(&options), mount())
}

func mount() fx.Option {
	return fx.Module("fxhost.health",
		fx.Provide(newHealth),
		live.Provide(func(h *Health) live.Check { return h.Live }),
		outline.DeclarePort(outline.Port{Name: "health", Key: probe.Key, Default: "http://*:8081"}),
		hosted.AddHostedService[*service](newService, hosted.Name("health"), hosted.First()),
	)
}

// Route is something else that is served beside the probes, such as metrics.
type Route struct {
	Pattern string // of http.ServeMux, such as "GET /metrics"
	Handler http.Handler
}

// AddRoute adds the [Route] that constructor makes, a function that fx.Provide accepts.
// Like the probes, it is open to everybody who can reach the addresses. An answer may
// take 30 seconds.
//
//	health.AddRoute(func(m *Metrics) health.Route {
//		return health.Route{Pattern: "GET /metrics", Handler: m}
//	})
func AddRoute(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(`group:"fxhost.health.routes"`)))
}

// addTo adds the route to mux, which panics where it cannot.
func (r Route) addTo(mux *http.ServeMux) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = fmt.Errorf("health: route %q: %v", r.Pattern, value)
		}
	}()
	mux.Handle(r.Pattern, r.Handler)
	return nil
}
