package background_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
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
	app := fx.New(
		fx.NopLogger,
		hosted.AddHostedService[*Poller](NewPoller),
		hosted.Module(hosted.Options{StopWhenDone: true}),
	)
	err := app.Start(context.Background())
	<-app.Wait() // as app.Run does
	fmt.Println(err, app.Stop(context.Background()))
	// Output:
	// poll 1
	// poll 2
	// poll 3
	// <nil> <nil>
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

// SyncPrices is a job: each run is a new value.
type SyncPrices struct{ shop *Shop }

func NewSyncPrices(shop *Shop) *SyncPrices { return &SyncPrices{shop} }

func (s *SyncPrices) Run(context.Context) error {
	s.shop.syncs++
	fmt.Println("sync", s.shop.syncs)
	return nil
}

// Shop is a singleton.
type Shop struct{ syncs int }

func ExampleAddJob() {
	app := fx.New(
		fx.NopLogger,
		scope.Module(), background.Module(), // package host has them already
		fx.Supply(&Shop{}),
		background.AddJob[*SyncPrices](NewSyncPrices, background.Every(10*time.Millisecond), background.StopAfter(2)),
		hosted.Module(hosted.Options{StopWhenDone: true}),
	)
	_ = app.Start(context.Background()) // or app.Run()
	<-app.Wait()
	fmt.Println(app.Stop(context.Background()))
	// Output:
	// sync 1
	// sync 2
	// <nil>
}

// Import is a job that may hang.
type Import struct{ rows *Rows }

func NewImport(rows *Rows) *Import { return &Import{rows} }

func (i *Import) Run(ctx context.Context) error {
	for i.rows.Next() {
		i.rows.Handle()
		background.Beat(ctx) // it goes on
	}
	return nil
}

// Rows are read one after the other.
type Rows struct{ left int }

func (r *Rows) Next() bool { return r.left > 0 }

func (r *Rows) Handle() {
	fmt.Println("row", r.left)
	r.left--
}

// A run that does not beat for half a minute has stalled: its service says so in
// its status, and the stacks of its goroutines are logged.
func ExampleBeat() {
	app := fx.New(
		fx.NopLogger,
		scope.Module(), background.Module(),
		fx.Supply(&Rows{left: 2}),
		background.AddJob[*Import](NewImport, background.Once(),
			background.Service(hosted.StallTimeout(30*time.Second))),
		hosted.Module(hosted.Options{StopWhenDone: true}),
	)
	_ = app.Start(context.Background()) // or app.Run()
	<-app.Wait()
	_ = app.Stop(context.Background())
	// Output:
	// row 2
	// row 1
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

// Jobs are shown, run and paused by name.
func ExampleJobs() {
	var jobs *background.Jobs
	app := fx.New(
		fx.NopLogger,
		scope.Module(), background.Module(),
		fx.Supply(&Shop{}),
		background.AddJob[*SyncPrices](NewSyncPrices, background.Cron("0 2 * * *", time.UTC), background.Name("sync prices")),
		hosted.Module(),
		fx.Populate(&jobs),
	)
	_ = app.Start(context.Background()) // or app.Run()
	fmt.Println(jobs.Pause("sync prices", "Ada: the shop moves"))
	status, _ := jobs.Get("sync prices")
	fmt.Println(status.Trigger, status.PausedBy)
	fmt.Println(jobs.Resume("sync prices"))

	err := jobs.RunNow("sync prices")
	for status.Runs == 0 || status.Running {
		time.Sleep(time.Millisecond)
		status, _ = jobs.Get("sync prices")
	}
	runs, _ := jobs.Runs("sync prices")
	fmt.Printf("%s %q %v\n", runs[0].Cause, runs[0].Error, err)
	_ = app.Stop(context.Background())
	// Output:
	// <nil>
	// cron 0 2 * * * (UTC) Ada: the shop moves
	// <nil>
	// sync 1
	// run now "" <nil>
}

// Migration is a job that decides what its failure leads to.
type Migration struct{}

func NewMigration() *Migration { return &Migration{} }

func (m *Migration) Run(context.Context) error { return errors.New("no such table") }

// OnException ends the job, and with it the host.
func (m *Migration) OnException(_ context.Context, err error) background.Decision {
	fmt.Println("given up:", err)
	return background.GiveUp
}

func ExampleExceptionHandler() {
	app := fx.New(
		fx.NopLogger,
		scope.Module(), background.Module(),
		background.AddJob[*Migration](NewMigration, background.Once()),
		hosted.Module(),
	)
	err := app.Start(context.Background()) // or app.Run()
	if err == nil {
		<-app.Wait()
		err = app.Stop(context.Background())
	} // else the job has failed before the start was over
	fmt.Println(err)
	// Output:
	// given up: no such table
	// host: run service "background_test.Migration": no such table
}
