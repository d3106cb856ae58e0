// Command fxweb is a typical fx web application, with its own logger and
// http.Server, run by fx. Three lines add a background service: the registration
// of the Sweeper, hosted.Module, and the import. Five more give each request a scope, and
// two the probe for readiness.
package main

import (
	"context"
	"errors"
	"net"
	"net/http"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
	"github.com/fxhost/fxhost/logging"
)

func main() { application(":8080").Run() }

func application(address string, options ...fx.Option) *fx.App {
	return fx.New(
		// The application as it was.
		fx.Supply(fx.Annotate(address, fx.ResultTags(`name:"address"`))),
		fx.Provide(NewLogger, NewVisits, NewMux, fx.Annotate(NewServer, fx.ParamTags(`name:"address"`))),
		fx.Invoke(func(*http.Server) {}),
		fx.WithLogger(logging.FxLogger), // only what fails, and once

		// The new service. It starts after the server and stops before it.
		hosted.AddHostedService[*Sweeper](NewSweeper),
		hosted.Module(),

		// Each request has a Visit of its own.
		scope.Module(),
		scope.Value[*http.Request](),
		scope.Provide(NewVisit),
		fx.Provide(NewScopes),

		// Whether the application is ready is asked on its own port.
		health.Module(health.Options{}),

		fx.Options(options...),
	)
}

// NewLogger returns the logger of the application.
func NewLogger() (*zap.Logger, error) { return zap.NewDevelopment(zap.IncreaseLevel(zap.InfoLevel)) }

// NewMux serves the only page of the application, and says whether it is ready.
func NewMux(scopes *web.Scopes, probes *health.Health) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /readyz", probes.Handler(health.Ready))
	mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, r *http.Request) {
		visit, err := web.Get[*Visit](r)
		if err != nil {
			http.Error(w, "internal error", http.StatusInternalServerError)
			return
		}
		visit.Count()
		w.WriteHeader(http.StatusNoContent)
	})
	return scopes.Handler(mux)
}

// NewServer returns a server that listens while the application runs.
func NewServer(address string, lifecycle fx.Lifecycle, handler http.Handler, log *zap.Logger) *http.Server {
	server := &http.Server{Addr: address, Handler: handler}
	lifecycle.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			var config net.ListenConfig
			listener, err := config.Listen(ctx, "tcp", server.Addr)
			if err != nil {
				return err
			}
			server.Addr = listener.Addr().String()
			log.Info("server listening", zap.String("address", server.Addr))
			go func() {
				if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
					log.Error("server failed", zap.Error(err))
				}
			}()
			return nil
		},
		OnStop: func(ctx context.Context) error {
			defer log.Info("server stopped")
			return server.Shutdown(ctx)
		},
	})
	return server
}
