// Command chi is a small HTTP service with a scope for each request. It stores notes
// for several tenants. It uses the chi router; any router that takes net/http
// middleware works.
package main

import (
	"context"
	"net/http"
	"os"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(notes())
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

// notes is what the program consists of.
func notes() fx.Option {
	return fx.Options(
		config.Configure("Server", config.Default(Options{Address: "127.0.0.1:8080"})),
		fx.Provide(NewStore, NewRouter, web.NewScopes),

		// Each request has its own.
		scope.Value[*http.Request](),
		scope.Provide(NewTenant, NewTrail, NewNotes),

		hosted.AddHostedService[*Server](NewServer, hosted.Name("server")),
	)
}
