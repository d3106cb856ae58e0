// Package background runs work in the background of a host.
//
// # Loops
//
// A type that embeds [BackgroundService] and has an ExecuteAsync method is a hosted
// service. [PeriodicTimer] paces its loop, and [Func] does the same for a function:
//
//	type Worker struct {
//		background.BackgroundService
//	}
//
//	func (w *Worker) ExecuteAsync(ctx context.Context) error {
//		timer := background.NewPeriodicTimer(time.Minute)
//		defer timer.Stop()
//		for timer.WaitForNextTick(ctx) {
//			// the work
//		}
//		return nil
//	}
//
//	builder.Add(hosted.AddHostedService[*Worker](NewWorker))
//
// # Jobs
//
// A [Job] runs again and again, each time as a new value in a scope of its own.
// [AddJob] registers it with a trigger: [Every], [Cron], [Continuously], [Once] or
// [At], or [FromSection] for one from the configuration:
//
//	func (s *SyncPrices) Run(ctx context.Context) error { ... }
//
//	builder.Add(background.AddJob[*SyncPrices](NewSyncPrices, background.Every(2*time.Hour)))
//
// [Jobs] lists the jobs, runs them now, and pauses them.
//
// Work that other code hands over is for package queue.
package background
