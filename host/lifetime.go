package host

import "context"

// Lifetime is the way the outside world starts and stops a host, such as a
// terminal or a service manager (.NET: IHostLifetime). A host has one;
// [ConsoleLifetime] is the default.
type Lifetime interface {
	// WaitForStart is called once, before the first constructor runs, and
	// returns when the application may be built and started. From then on, until
	// Stop, the Lifetime calls stop whenever the outside world asks for a stop. The
	// cause is logged: a hosted.StopReason or hosted.StopSignal is a normal end; Run
	// returns any other error. An error of WaitForStart fails Build. It is called even if
	// the settings are wrong; Stop then has the error.
	WaitForStart(ctx context.Context, stop func(cause error)) error

	// Stop is the last step of a host that has stopped, or that could not be built
	// or started. It is called once after each WaitForStart that returned nil, and is
	// left behind if it takes longer than a second. err is the result of the host.
	Stop(ctx context.Context, err error) error
}

// noLifetime is for a host that the outside world knows nothing of.
type noLifetime struct{}

func (noLifetime) WaitForStart(context.Context, func(error)) error { return nil }
func (noLifetime) Stop(context.Context, error) error               { return nil }
