// Command worker is a tour of fxhost in five minutes. It watches a folder of CSV
// files, one for each day of a small shop, and logs what was sold.
//
// Read main.go for what the program consists of, options.go for its settings,
// inbox.go for the background service, handler.go for one unit of work, and
// store.go for what the units of work share.
package main

import (
	"context"
	"os"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(services())
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

// services is what the program consists of. The tests run it, too.
func services() fx.Option {
	return fx.Options(
		// Section Inbox of appsettings.json, the environment and the command line.
		config.Configure("Inbox", config.Default(Options{Folder: "inbox", Interval: time.Second, MaxCount: 100})),
		// Singletons: one for the whole program.
		fx.Provide(NewStore),
		// Scoped: one for each unit of work.
		scope.Provide(NewTx, NewHandler),
		// Hosted services, started in this order and stopped in the reverse order.
		hosted.AddHostedService[*Inbox](NewInbox),
	)
}
