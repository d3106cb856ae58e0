// Command watcher logs a line every second.
package main

import (
	"context"
	"os"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(hosted.AddHostedService[*Watcher](NewWatcher))
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}
