// Package hosted is the contract between an application and the services it
// runs, and the walk that starts and stops them.
//
// A [HostedService] is registered with [AddHostedService]. [Module] runs all of
// them inside any fx application, and the hooks of its fx.Lifecycle in the same
// walk; package host builds an application around it.
//
// # The order of everything
//
//  1. StartingAsync of every service that has it
//  2. StartAsync of every service, and OnStart of every hook
//  3. StartedAsync
//  4. [ApplicationLifetime.Started] is closed, the OnStarted callbacks run
//
// and when a stop was requested, or the start has failed:
//
//  5. StoppingAsync of every service that has started, newest first, as in all
//     steps that follow. If the stop was requested from outside and the host had
//     started, DrainingAsync and [Options].DrainDelay come first.
//  6. [ApplicationLifetime.Stopping] is closed, the OnStopping callbacks run, in
//     registration order
//  7. StopAsync of every service, and OnStop of every hook
//  8. StoppedAsync
//  9. [ApplicationLifetime.Stopped] is closed, the OnStopped callbacks run
//
// Each step ends for all services before the next one begins. Within a step,
// services are called one after the other, in registration order: the order of the
// options given to fx, with child modules before their parents. [After] puts a
// service behind another one; [First] and [Last] put it before or behind everything
// else. A hook takes its place where its constructor ran, which is before the service
// that needed it first.
//
// With [Options].ServicesStartConcurrently and ServicesStopConcurrently, the
// services of a step are called concurrently. Hooks still keep their order: those
// appended before the last service start before all services and stop after them;
// those appended later start after all services and stop before them.
//
// # What can go wrong
//
// A start that fails, times out or is cut short by a stop is rolled back: steps 5
// to 9 run for everything that had started, on a context of their own. A stop
// visits every service, even after errors and after its budget has run out, and
// leaves behind those that do not return. Nothing is retried, unless a service asks
// for it ([Restart]). All errors are joined in the order in which they happened:
// [ServiceError] says which service failed, [PanicError] stands for a panic, and
// [TimeoutError] for a limit.
package hosted
