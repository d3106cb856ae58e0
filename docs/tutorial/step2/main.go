// Command watcher counts the files in a folder.
package main

import (
	"context"
	"os"
	"time"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(
		config.Configure("Watcher", config.Default(Options{Folder: "inbox", Interval: time.Second})),
		hosted.AddHostedService[*Watcher](NewWatcher),
	)
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}
