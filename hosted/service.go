package hosted

import "context"

// HostedService is something that a host starts and stops
// (.NET: IHostedService).
//
// A host calls StartAsync once, and StopAsync at most once. A panic in either
// is caught and counts as an error ([PanicError]). A method that has not
// returned shortly after its context ended is left behind: the host goes on
// without it and names it in its error.
type HostedService interface {
	// StartAsync returns when the service is ready. ctx bounds starting only:
	// it ends when the start is over, so work that goes on must not use it
	// (see package background).
	//
	// When it returns an error the host does not start, and StopAsync is called
	// for at most a second, so that what was half made can be released.
	StartAsync(ctx context.Context) error

	// StopAsync returns when everything the service owns has ended, or ctx's
	// error. ctx ends with the shutdown budget or the service's [StopTimeout].
	StopAsync(ctx context.Context) error
}

// The four phases around Start and Stop (.NET: IHostedLifecycleService). A
// service implements those it needs; each phase ends for all services before
// the next one begins.
type (
	// StartingService is called before any service is started.
	StartingService interface {
		StartingAsync(ctx context.Context) error
	}
	// StartedService is called after all services have started.
	StartedService interface {
		StartedAsync(ctx context.Context) error
	}
	// StoppingService is called before any service is stopped.
	StoppingService interface {
		StoppingAsync(ctx context.Context) error
	}
	// StoppedService is called after all services have stopped. It is also
	// called on a service that was never started but whose StartingAsync was
	// called, so that one can release what the other took.
	StoppedService interface {
		StoppedAsync(ctx context.Context) error
	}
)

// Awaiter is implemented by a service whose work can end by itself
// (.NET: BackgroundService.ExecuteTask). A host watches it from the moment its
// StartAsync has succeeded: an error is a fault (see [OnFault]), unless the
// host had already called StopAsync.
type Awaiter interface {
	// Done is closed when the work has ended.
	Done() <-chan struct{}
	// Err is how it ended; it is called only after Done was closed.
	Err() error
}

// ErrorReporter is implemented by a service that goes on after an error and
// wants it to be seen in its [ServiceStatus].
type ErrorReporter interface {
	// LastError is nil when the service has recovered. It is called at any time
	// and returns at once.
	LastError() error
}

// Binder is implemented by a base type that is embedded in a service and must
// know the whole of it, as [background.BackgroundService] must find the
// ExecuteAsync of the type around it. Bind is called once, when the service is
// registered, before it is started; its error fails the build.
//
// A Binder that is also an [Awaiter] calls ended when its work has ended by
// itself and Err can tell how, before its StopAsync returns; not when StopAsync
// has ended the work. That spares the host a goroutine that waits for Done.
//
// [background.BackgroundService]: https://pkg.go.dev/github.com/fxhost/fxhost/background#BackgroundService
type Binder interface {
	Bind(outer HostedService, ended func()) error
}
