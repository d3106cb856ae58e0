// Package background is for work that goes on while the host runs:
// [BackgroundService] makes a hosted service of a type with an ExecuteAsync
// method, [Func] of a function, and [PeriodicTimer] paces a loop. [AddJob] is for
// work that comes back, by the clock or again and again.
package background
