package hosted_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
)

// Gateway is a service that can break in every way.
type Gateway struct{ broken error }

func (g *Gateway) StartAsync(context.Context) error { return nil }
func (g *Gateway) StopAsync(context.Context) error  { return g.broken }

// DrainingAsync is called before anything else when a signal has asked for the
// stop: new work can go elsewhere while the gateway still answers.
func (g *Gateway) DrainingAsync(context.Context) error {
	fmt.Println("draining")
	return nil
}

func (g *Gateway) StoppingAsync(context.Context) error {
	fmt.Println("stopping")
	return nil
}

// A factory makes a service for each application that is built of the option.
func ExampleAddFactory() {
	gateway := hosted.AddFactory(
		func() hosted.HostedService { return &Gateway{} },
		hosted.Name("gateway"),
		hosted.StartTimeout(10*time.Second),
		hosted.StopTimeout(5*time.Second),
	)
	app := fx.New(
		fx.NopLogger, fx.Provide(zap.NewNop), gateway,
		hosted.Module(hosted.Options{DrainDelay: 10 * time.Millisecond}),
	)
	fmt.Println(app.Start(context.Background()))
	fmt.Println(app.Stop(context.Background()))
	// Output:
	// <nil>
	// draining
	// stopping
	// <nil>
}

// Failures says which services are to blame for an error of Run, Start or Stop.
func ExampleFailures() {
	app := fx.New(
		fx.NopLogger, fx.Provide(zap.NewNop),
		hosted.AddInstance(&Gateway{broken: errors.New("connection lost")}, hosted.Name("gateway")),
		hosted.Module(),
	)
	_ = app.Start(context.Background())
	for _, failure := range hosted.Failures(app.Stop(context.Background())) {
		fmt.Println(failure.Service, failure.Phase == hosted.PhaseStop, failure.Err)
	}
	// Output:
	// stopping
	// gateway true connection lost
}

// Services shows what every service is doing.
func ExampleServices() {
	var services *hosted.Services
	app := fx.New(
		fx.NopLogger, fx.Provide(zap.NewNop),
		hosted.AddInstance(&Gateway{}, hosted.Name("gateway")),
		hosted.Module(),
		fx.Populate(&services),
	)
	show := func() {
		for _, status := range services.List() {
			fmt.Println(status.Name, status.State, status.Starts)
		}
	}
	show()
	_ = app.Start(context.Background())
	show()
	if status, ok := services.Get("gateway"); ok && status.State == hosted.StateRunning {
		_ = app.Stop(context.Background())
	}
	// Output:
	// gateway registered 0
	// gateway running 1
	// stopping
}

// Subscription goes on after an error, and shows it until the next success.
type Subscription struct {
	Gateway
	last error
}

func (s *Subscription) LastError() error { return s.last }

// The status of a service that copes with its errors itself has the last one.
func ExampleErrorReporter() {
	var services *hosted.Services
	app := fx.New(
		fx.NopLogger, fx.Provide(zap.NewNop),
		hosted.AddInstance(&Subscription{last: errors.New("no route to host")}, hosted.Name("subscription")),
		hosted.Module(),
		fx.Populate(&services),
	)
	_ = app.Start(context.Background())
	status, _ := services.Get("subscription")
	fmt.Println(status.State, status.LastError)
	_ = app.Stop(context.Background())
	// Output:
	// running no route to host
	// stopping
}
