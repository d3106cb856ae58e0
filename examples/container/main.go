// Command container is a worker for an image that has nothing but its executable: see
// the Dockerfile and deployment.yaml beside it. It keeps the prices of a warehouse.
package main

import (
	"context"
	"os"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/hosted"
)

// Options of the program, section Shop.
type Options struct {
	Warehouse string        // host and port
	Interval  time.Duration // between two looks at the prices
}

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(
		config.Configure("Shop", config.Default(Options{Warehouse: "warehouse:7000", Interval: time.Second})),
		fx.Provide(NewWarehouse),
		hosted.AddHostedService[*Prices](NewPrices),
		health.Use(),
		health.AddCheckOf("warehouse", (*Warehouse).Ping),
		health.AddCheck[*Prices]("prices", nil, health.Tags(health.Ready), health.Interval(time.Second)),
	)
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}
