// Command scopes is a worker that handles each message in its own scope. Everything
// that belongs to a message uses one database transaction, which is committed if
// the handler succeeds and rolled back if it fails, panics, or is interrupted by
// the end of the program.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
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
	_ = os.RemoveAll(folder) // it is used by this run only
	os.Exit(host.ExitCode(err))
}

// orders is everything that handles orders, except the Warehouse.
func orders(file string) fx.Option {
	return fx.Options(
		config.Configure("Database", config.Default(Options{File: file})),
		fx.Provide(OpenDatabase, NewQueue),
		scope.Value[Order](),
		scope.Provide(NewTx, NewOrders, NewHandler),
		hosted.AddHostedService[*Worker](NewWorker, hosted.Name("worker")),
	)
}
