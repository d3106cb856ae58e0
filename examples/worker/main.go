// Command worker is the smallest program that fxhost is for: a background
// service with its logger injected, which runs until Ctrl-C.
package main

import (
	"context"
	"os"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

// Worker says once a second that it is there.
type Worker struct {
	background.BackgroundService
	log *zap.Logger
}

// NewWorker is called by fx; log is named after the worker.
func NewWorker(log *zap.Logger) *Worker { return &Worker{log: log} }

// ExecuteAsync runs until the host stops.
func (w *Worker) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(time.Second)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		w.log.Info("worker running", zap.Time("at", time.Now()))
	}
	return nil
}

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(hosted.AddHostedService[*Worker](NewWorker))
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}
