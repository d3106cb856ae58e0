package hosted

import "context"

// HostedService is something that a host starts and stops
// (.NET: IHostedService).
//
// A host calls StartAsync once, and StopAsync at most once after it; a service
// that is restarted ([Restart]) is stopped and started again. A panic in either is
// recovered and treated as an error ([PanicError]). A method that has not returned
// shortly after its context ended is left behind: the host continues without it
// and names the service in its error.
type HostedService interface {
	// StartAsync returns when the service is ready. ctx bounds starting only:
	// it ends when the start is over, so work that continues must not use it
	// (see package background).
	//
	// If it returns an error, the host does not start, and StopAsync is called for
	// at most a second, so that the service can release what it had acquired.
	StartAsync(ctx context.Context) error

	// StopAsync returns when everything the service owns has ended, or ctx's
	// error. ctx ends with the shutdown budget or the service's [StopTimeout].
	StopAsync(ctx context.Context) error
}

// The phases around Start and Stop (.NET: IHostedLifecycleService, which has no
// draining). A service implements those it needs; each phase ends for all services
// before the next one begins.
type (
	// StartingService is called before any service is started.
	StartingService interface {
		StartingAsync(ctx context.Context) error
	}
	// StartedService is called after all services have started.
	StartedService interface {
		StartedAsync(ctx context.Context) error
	}
	// DrainingService is called when a stop was requested from outside, such as by a
	// signal, and [Options].DrainDelay is not zero. The service keeps working, and
	// tells its clients to go elsewhere. All services are called concurrently. ctx ends
	// when the delay has passed or is cut short; returning its error is not a failure.
	DrainingService interface {
		DrainingAsync(ctx context.Context) error
	}
	// StoppingService is called before any service is stopped.
	StoppingService interface {
		StoppingAsync(ctx context.Context) error
	}
	// StoppedService is called after all services have stopped. It is also
	// called on a service that was never started but whose StartingAsync was
	// called, so that it can release what StartingAsync had acquired.
	StoppedService interface {
		StoppedAsync(ctx context.Context) error
	}
)

// Awaiter is implemented by a service whose work can end by itself
// (.NET: BackgroundService.ExecuteTask). A host watches it from the moment its
// StartAsync has succeeded: an error is a fault (see [OnFault]), unless the
// host has already called StopAsync.
type Awaiter interface {
	// Done is closed when the work has ended.
	Done() <-chan struct{}
	// Err returns why it ended, nil if it succeeded. It is called only after Done
	// was closed.
	Err() error
}

// EndlessService is implemented by an [Awaiter] whose work may have no end but a
// fault, such as a server. While Endless returns true, [Options].StopWhenDone does
// not wait for the service, and [ErrUnfinished] does not name it. Endless may be
// called at any time and returns immediately.
type EndlessService interface {
	Endless() bool
}

// ErrorReporter is implemented by a service that continues after an error and
// shows the error in its [ServiceStatus].
type ErrorReporter interface {
	// LastError returns nil when the service has recovered. It may be called at any
	// time and returns immediately.
	LastError() error
}

// Binder is implemented by a base type that is embedded in a service and needs
// the outer value, as [background.BackgroundService] needs the ExecuteAsync of the
// type that embeds it. Bind is called once, when the service is registered; its
// error fails the build.
//
// A Binder that is also an [Awaiter] calls ended when its work has ended by itself,
// once Err is valid and before StopAsync returns, but not when StopAsync ended the
// work. This saves the host a goroutine that waits for Done. After StartAsync, Done
// must not be nil; after StopAsync, it must be closed. Otherwise the service
// overrides a method without calling the one of the Binder, which is an error.
//
// [background.BackgroundService]: https://pkg.go.dev/github.com/fxhost/fxhost/background#BackgroundService
type Binder interface {
	Bind(outer HostedService, ended func()) error
}
