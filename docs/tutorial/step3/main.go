// Command watcher counts the files in a folder.
package main

import (
	"context"
	"os"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
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
		config.Configure("Watcher", config.Default(Options{Folder: "inbox", Interval: time.Second})),
		hosted.AddHostedService[*Inbox](NewInbox),
		hosted.AddHostedService[*Watcher](NewWatcher),
	)
}
