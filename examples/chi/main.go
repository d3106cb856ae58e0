// Command chi is a small HTTP service with a scope for each request: notes, kept
// apart by tenant. Its router is chi; any other that takes middleware of net/http
// would do.
package main

import (
	"context"
	"net/http"
	"os"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(notes("127.0.0.1:8080"))
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

// notes is the service, which listens at address.
func notes(address Address) fx.Option {
	return fx.Options(
		fx.Supply(address),
		fx.Provide(NewStore, NewRouter, web.NewScopes),

		// What each request has of its own.
		scope.Value[*http.Request](),
		scope.Provide(NewTenant, NewTrail, NewNotes),

		hosted.AddHostedService[*Server](NewServer, hosted.Name("server")),
	)
}
