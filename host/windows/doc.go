// Package windows runs a host as a Windows service
// (.NET: Microsoft.Extensions.Hosting.WindowsServices).
//
//	builder := host.NewBuilder(os.Args[1:])
//	windows.Use(builder)
//
// The same program runs in a console when it is started by hand, and on every other
// system: there [Use] leaves the host as it is.
//
// As a service, the program connects to the service manager before the first
// constructor runs. The service manager sees
//
//   - "start pending" until all services have started, with a checkpoint each time one
//     of them has changed its state, so that a start that moves is not taken for one
//     that hangs
//   - "running" after that
//   - "stop pending" from the request to stop on, with checkpoints again, through the
//     drain and the stop
//   - "stopped", with 0, or with the exit code of the error that has ended the host as
//     a service-specific one: for settings that are wrong, a constructor, a start or a
//     stop that fails, and a fault. The recovery actions of the service then run, if
//     they are on for errors: sc.exe failureflag NAME 1
//
// The controls Stop, Shutdown and PreShutdown stop the host. They drain it first, as a
// signal does.
//
// The service manager starts services in the folder of the system. The content root is
// then the folder of the executable.
package windows
