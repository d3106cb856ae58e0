// Package hosted is the contract between an application and the services it
// runs, and the walk that starts and stops them.
//
// A [HostedService] is registered with [AddHostedService]. [Module] runs all of
// them inside any fx application; package host builds an application around
// them, and has [Runner.TakeOver] run the hooks of fx.Lifecycle in the same
// walk.
//
// # The order of everything
//
//  1. StartingAsync of every service that has it
//  2. StartAsync of every service, and OnStart of every hook
//  3. StartedAsync
//  4. [ApplicationLifetime.Started] is closed, the OnStarted callbacks run
//
// and when a stop was asked for, or the start has failed:
//
//  5. StoppingAsync of every service that has started, newest first, as in all
//     that follows
//  6. [ApplicationLifetime.Stopping] is closed, the OnStopping callbacks run, in
//     registration order
//  7. StopAsync of every service, and OnStop of every hook
//  8. StoppedAsync
//  9. [ApplicationLifetime.Stopped] is closed, the OnStopped callbacks run
//
// Each step is over for everybody before the next one begins. Within a step the
// services are called one after the other, in the order of their registration,
// which is that of the options given to fx, child modules before their parents.
// A hook has its place where its constructor ran: before the service that needed
// it first.
//
// With [Options].ServicesStartConcurrently and ServicesStopConcurrently the
// services of a step are called side by side. Hooks keep their order even then:
// those appended before the last service start before all services and stop
// after them, those appended later start after and stop before.
//
// # What can go wrong
//
// A start that fails, runs into a limit, or is cut short by a stop is rolled
// back: steps 5 to 9 for what had started, on a context of its own. The stop
// visits everybody, also after errors and after its budget has run out, and
// leaves behind whoever does not return. Nothing is retried. All errors are
// joined in the order in which they happened; those of services are
// [ServiceError], those of panics [PanicError], those of limits [TimeoutError].
package hosted
