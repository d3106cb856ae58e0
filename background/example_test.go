package background_test

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
)

// Poller is a background service: it embeds the base and has an ExecuteAsync.
type Poller struct {
	background.BackgroundService
	polls int
}

func NewPoller() *Poller { return &Poller{} }

func (p *Poller) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(10 * time.Millisecond)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		p.polls++
		fmt.Println("poll", p.polls)
		if p.polls == 3 {
			return nil // it could as well go on until ctx ends
		}
	}
	return nil
}

func ExampleBackgroundService() {
	runner := hosted.NewRunner(nil, hosted.Options{StopWhenDone: true})
	fx.New(fx.NopLogger, runner.TakeOver(), hosted.AddHostedService[*Poller](NewPoller))

	fmt.Println(runner.Start(context.Background()))
	<-runner.Lifetime().StopRequested()
	fmt.Println(runner.Stop(context.Background()))
	// Output:
	// <nil>
	// poll 1
	// poll 2
	// poll 3
	// <nil>
}

// A function that needs nothing injected runs from the start to the stop.
func ExampleFunc() {
	began := make(chan struct{})
	app := fx.New(
		fx.NopLogger,
		background.Func("heartbeat", func(ctx context.Context) error {
			fmt.Println("begins")
			close(began)
			<-ctx.Done()
			fmt.Println("ends:", context.Cause(ctx))
			return ctx.Err()
		}),
		hosted.Module(),
	)
	_ = app.Start(context.Background()) // or app.Run()
	<-began
	fmt.Println(app.Stop(context.Background()))
	// Output:
	// begins
	// ends: background: service stopped
	// <nil>
}

// The loop ends with its context, or when the timer is stopped.
func ExamplePeriodicTimer() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()

	timer := background.NewPeriodicTimer(10 * time.Millisecond)
	defer timer.Stop()
	for tick := 1; timer.WaitForNextTick(ctx); tick++ {
		fmt.Println("tick", tick)
		if tick == 3 {
			cancel()
		}
	}
	fmt.Println("done")
	// Output:
	// tick 1
	// tick 2
	// tick 3
	// done
}
