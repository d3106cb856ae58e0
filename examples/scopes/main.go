// Command scopes is a worker that handles each message in a scope of its own:
// one database transaction for everything that belongs to the message, committed
// when its handler succeeds and rolled back when it fails, panics, or is
// interrupted by the end of the program.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

func main() {
	folder, err := os.MkdirTemp("", "fxhost-scopes-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(
		orders(filepath.Join(folder, "orders.db")),
		fx.Provide(NewWarehouse),
		hosted.AddHostedService[*Shop](NewShop),
	)
	err = builder.Run(context.Background())
	_ = os.RemoveAll(folder) // it was for this run only
	os.Exit(host.ExitCode(err))
}

// orders is all that handles them, but for the Warehouse.
func orders(file string) fx.Option {
	return fx.Options(
		fx.Supply(File(file)),
		fx.Provide(OpenDatabase, NewQueue),
		scope.Value[Order](),
		scope.Provide(NewTx, NewOrders, NewHandler),
		hosted.AddHostedService[*Worker](NewWorker, hosted.Name("worker")),
	)
}
