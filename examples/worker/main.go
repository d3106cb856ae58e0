// Command worker is the smallest program that fxhost is for: a background service
// with options and a logger, which runs until Ctrl-C.
package main

import (
	"context"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

type Options struct{ Interval time.Duration }

type Worker struct {
	background.BackgroundService
	options *Options
	log     *zap.Logger
}

func NewWorker(options *Options, log *zap.Logger) *Worker { return &Worker{options: options, log: log} }

func (w *Worker) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(w.options.Interval)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		w.log.Info("worker running")
	}
	return nil // the host stops: ctx has ended
}

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(
		config.Configure("Worker", config.Default(Options{Interval: time.Second})),
		hosted.AddHostedService[*Worker](NewWorker),
	)
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}
