// Command watcher counts the files in a folder.
package main

import (
	"context"
	"os"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(services())
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

func services() fx.Option {
	return fx.Options(
		fx.Provide(NewOptions),
		hosted.AddHostedService[*Inbox](NewInbox),
		hosted.AddHostedService[*Watcher](NewWatcher),
	)
}
