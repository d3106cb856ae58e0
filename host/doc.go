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
//  2. [Builder.Build] makes the logger and calls [Lifetime].WaitForStart: from
//     here on signals are listened to.
//  3. fx runs the constructors of the hosted services and of what they need.
//  4. [Host.Start] walks the services through their start, and
//  5. [Host.Stop] through their stop, as package hosted says.
//  6. [Lifetime].Stop is called; signals have their usual effect again.
//
// The host does not call Run, Start or Stop of fx.App: it takes fx.Lifecycle
// over, so that every hook of every constructor has the same walk as the hosted
// services.
package host
