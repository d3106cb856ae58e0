// Service is a program that runs under systemd, as a Windows service and in a
// terminal: the same binary, without a switch.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/systemd"
	"github.com/fxhost/fxhost/host/windows"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/web"
)

func main() {
	os.Exit(host.ExitCode(newBuilder(os.Args[1:]).Run(context.Background())))
}

func newBuilder(args []string) *host.Builder {
	builder := host.NewBuilder(args)
	systemd.Use(builder)
	windows.Use(builder, windows.EventLog("Orders", zapcore.WarnLevel))
	builder.Add(
		hosted.AddHostedService[*Orders](NewOrders, hosted.StallTimeout(time.Minute)),
		web.AddServer("public", NewHandler),
	)
	return builder
}

// Orders sends orders.
type Orders struct {
	background.BackgroundService

	log *zap.Logger
}

// NewOrders is called by fx.
func NewOrders(log *zap.Logger) *Orders { return &Orders{log: log} }

// ExecuteAsync tells in each round that it goes on. If it hangs, the watchdog of
// systemd restarts the program.
func (o *Orders) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(time.Second)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		background.Beat(ctx)
		o.log.Info("orders sent")
	}
	return nil
}

// NewHandler answers with the process that it runs in.
func NewHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "process %d\n", os.Getpid())
	})
}
