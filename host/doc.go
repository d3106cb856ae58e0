// Package host builds an application around hosted services and owns its life:
// configuration, logging, dependency injection, start, signals and a stop that
// is graceful, bounded and complete (.NET: Microsoft.Extensions.Hosting).
//
//	func main() {
//		builder := host.NewBuilder(os.Args[1:])
//		builder.Add(hosted.AddHostedService[*Worker](NewWorker))
//		os.Exit(host.ExitCode(builder.Run(context.Background())))
//	}
//
// # The order of everything
//
//  1. [NewBuilder] reads the configuration.
//  2. [Builder.Build] creates the logger and calls [Lifetime].WaitForStart; from
//     now on the host handles signals.
//  3. fx runs the constructors of the hosted services and of their dependencies.
//  4. [Host.Start] starts the services, in the steps that package hosted describes.
//  5. [Host.Stop] stops them.
//  6. [Lifetime].Stop is called; signals have their default effect again.
//
// The host never calls Run, Start or Stop of fx.App. It takes over fx.Lifecycle, so
// that the hooks of all constructors start and stop in one order with the services.
package host
