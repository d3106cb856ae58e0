// Package lifetest runs the life of fx applications in tests as package host
// does, with nothing of that around it.
package lifetest

import (
	"context"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/walk"
)

// Application is an fx application whose life a test runs.
type Application struct {
	walk.Life

	stopping *walk.StopRequest
	lifetime *hosted.ApplicationLifetime
	services *hosted.Services
}

// New has fx build an application of the options, with [hosted.Module]. log may be
// nil.
func New(log *zap.Logger, options hosted.Options, more ...fx.Option) (*Application, error) {
	if log == nil {
		log = zap.NewNop()
	}
	a := &Application{stopping: walk.NewStopRequest()}
	return a, fx.New(
		fx.NopLogger, fx.Supply(log, a.stopping), hosted.Module(options),
		fx.Populate(&a.Life, &a.lifetime, &a.services), fx.Options(more...),
	).Err()
}

// Stop stops the application as Host.Stop does.
func (a *Application) Stop(ctx context.Context) error {
	a.stopping.MakeOrHurry(hosted.StopReason("stop called"), walk.Inside)
	return a.Life.Stop(ctx)
}

// StopFromOutside asks for a stop as a signal does.
func (a *Application) StopFromOutside(cause error) { a.stopping.MakeOrHurry(cause, walk.Outside) }

// WaitForShutdown waits until a stop was asked for, and stops the application.
func (a *Application) WaitForShutdown(ctx context.Context) error {
	<-a.stopping.Made()
	return a.Life.Stop(ctx)
}

// Lifetime of the application.
func (a *Application) Lifetime() *hosted.ApplicationLifetime { return a.lifetime }

// Services of the application.
func (a *Application) Services() *hosted.Services { return a.services }
