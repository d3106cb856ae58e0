package hosted_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
)

// Database is something that services need. It has a hook of fx.
type Database struct{}

func NewDatabase(lifecycle fx.Lifecycle) *Database {
	lifecycle.Append(fx.StartStopHook(
		func() { fmt.Println("database opened") },
		func() { fmt.Println("database closed") },
	))
	return &Database{}
}

// Importer is a hosted service.
type Importer struct{ database *Database }

func NewImporter(database *Database) *Importer { return &Importer{database} }

func (*Importer) StartAsync(context.Context) error {
	fmt.Println("importer started")
	return nil
}

func (*Importer) StopAsync(context.Context) error {
	fmt.Println("importer stopped")
	return nil
}

// Mailer is another one.
type Mailer struct{}

func NewMailer() *Mailer { return &Mailer{} }

func (*Mailer) StartAsync(context.Context) error {
	fmt.Println("mailer started")
	return nil
}

func (*Mailer) StopAsync(context.Context) error {
	fmt.Println("mailer stopped")
	return nil
}

// An existing fx application gains services by adding them, and Module. They
// start in the order in which they were added, after what they need, and stop
// in reverse.
func ExampleAddHostedService() {
	app := fx.New(
		fx.NopLogger,
		fx.Provide(NewDatabase),
		hosted.AddHostedService[*Importer](NewImporter),
		hosted.AddHostedService[*Mailer](NewMailer),
		hosted.Module(),
	)
	ctx := context.Background()
	fmt.Println(app.Start(ctx)) // or app.Run()
	fmt.Println(app.Stop(ctx))
	// Output:
	// database opened
	// importer started
	// mailer started
	// <nil>
	// mailer stopped
	// importer stopped
	// database closed
	// <nil>
}

// Several services of one type need names of their own.
func ExampleAddInstance() {
	var services *hosted.Services
	app := fx.New(
		fx.NopLogger,
		hosted.AddInstance(NewMailer(), hosted.Name("mailer for orders")),
		hosted.AddInstance(NewMailer(), hosted.Name("mailer for news")),
		hosted.Module(),
		fx.Populate(&services),
	)
	_ = app.Start(context.Background())
	for _, service := range services.List() {
		fmt.Println(service.Name, "is", service.State)
	}
	_ = app.Stop(context.Background())
	// Output:
	// mailer started
	// mailer started
	// mailer for orders is running
	// mailer for news is running
	// mailer stopped
	// mailer stopped
}

// The lifetime tells when everything has started, and when the stop begins and
// is over.
func ExampleApplicationLifetime() {
	watch := func(lifetime *hosted.ApplicationLifetime) {
		lifetime.OnStarted(func(context.Context) { fmt.Println("all have started") })
		lifetime.OnStopping(func(context.Context) { fmt.Println("the stop begins:", lifetime.Cause()) })
		lifetime.OnStopped(func(context.Context) { fmt.Println("all have stopped") })
	}
	app := fx.New(
		fx.NopLogger,
		hosted.AddHostedService[*Mailer](NewMailer),
		hosted.Module(),
		fx.Invoke(watch),
	)
	_ = app.Start(context.Background())
	_ = app.Stop(context.Background())
	// Output:
	// mailer started
	// all have started
	// the stop begins: stop called
	// mailer stopped
	// all have stopped
}

// Anything may ask for a stop, with the reason or the error that is the cause.
func ExampleApplicationLifetime_StopApplication() {
	var lifetime *hosted.ApplicationLifetime
	app := fx.New(
		fx.NopLogger,
		hosted.AddHostedService[*Mailer](NewMailer),
		hosted.Module(),
		fx.Populate(&lifetime),
	)
	_ = app.Start(context.Background())

	lifetime.StopApplication(errors.New("no space left on device"))
	lifetime.StopApplication(hosted.StopReason("the first cause wins"))

	<-app.Wait() // as app.Run does
	fmt.Println(app.Stop(context.Background()))
	// Output:
	// mailer started
	// mailer stopped
	// no space left on device
}

// Feed reads from a connection that breaks now and then.
type Feed struct {
	background.BackgroundService
	attempts int
}

func NewFeed() *Feed { return &Feed{} }

func (f *Feed) ExecuteAsync(ctx context.Context) error {
	f.attempts++
	fmt.Println("attempt", f.attempts)
	if f.attempts < 3 {
		return errors.New("connection reset by peer")
	}
	<-ctx.Done()
	return nil
}

// A service that fails is restarted, after waits that grow.
func ExampleRestart() {
	policy := hosted.RestartPolicy{
		MinBackoff: 10 * time.Millisecond, // then 20ms, 40ms, ...
		MaxBackoff: time.Second,
		Limit:      10, // within the Window; one more stops the host
	}
	var services *hosted.Services
	app := fx.New(
		fx.NopLogger,
		fx.Provide(zap.NewNop),
		hosted.AddHostedService[*Feed](NewFeed, hosted.OnFault(hosted.Restart(policy))),
		hosted.Module(),
		fx.Populate(&services),
	)
	_ = app.Start(context.Background())
	for status := services.List()[0]; status.Restarts < 2; status = services.List()[0] {
		time.Sleep(time.Millisecond)
	}
	fmt.Println(app.Stop(context.Background()))
	// Output:
	// attempt 1
	// attempt 2
	// attempt 3
	// <nil>
}

// Reader, Parser and Writer hand their work on; when one fails, what the others
// hold is lost, too.
func ExampleGroup() {
	pipeline := hosted.Group("pipeline", hosted.OneForAll, hosted.RestartPolicy{},
		background.Func("reader", untilStopped),
		background.Func("parser", untilStopped),
		background.Func("writer", untilStopped),
	)
	app := fx.New(fx.NopLogger, fx.Provide(zap.NewNop), pipeline, hosted.Module())
	fmt.Println(app.Start(context.Background()), app.Stop(context.Background()))
	// Output: <nil> <nil>
}

func untilStopped(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Cache is filled by a loader that must have run before.
type Cache struct{}

func (c *Cache) StartAsync(context.Context) error { fmt.Println("cache started"); return nil }
func (c *Cache) StopAsync(context.Context) error  { fmt.Println("cache stopped"); return nil }

// The mailer starts first, although it is registered last.
func ExampleAfter() {
	app := fx.New(
		fx.NopLogger,
		fx.Provide(zap.NewNop),
		hosted.AddInstance(&Cache{}, hosted.After[*Mailer]()),
		hosted.AddHostedService[*Mailer](NewMailer),
		hosted.Module(),
	)
	_ = app.Start(context.Background())
	_ = app.Stop(context.Background())
	// Output:
	// mailer started
	// cache started
	// cache stopped
	// mailer stopped
}

// Listener stands for something that listens.
type Listener struct{ name string }

func (l *Listener) StartAsync(context.Context) error { fmt.Println(l.name, "started"); return nil }
func (l *Listener) StopAsync(context.Context) error  { fmt.Println(l.name, "stopped"); return nil }

// The health checks are answered during the whole start and stop, and requests only
// while everything else runs, whatever the order of registration.
func ExampleFirst() {
	app := fx.New(
		fx.NopLogger,
		fx.Provide(zap.NewNop),
		hosted.AddInstance(&Listener{"requests"}, hosted.Name("requests"), hosted.Last()),
		hosted.AddHostedService[*Mailer](NewMailer),
		hosted.AddInstance(&Listener{"health checks"}, hosted.Name("health checks"), hosted.First()),
		hosted.Module(),
	)
	_ = app.Start(context.Background())
	_ = app.Stop(context.Background())
	// Output:
	// health checks started
	// mailer started
	// requests started
	// requests stopped
	// mailer stopped
	// health checks stopped
}
