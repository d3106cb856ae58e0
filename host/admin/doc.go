// Package admin is a page, and JSON for tools, that shows a running host and what one
// may do about it (.NET: Hangfire's dashboard and Aspire's, in the program itself):
//
//	builder.Add(admin.Use())
//
// # What it shows
//
// The services in their start order; what a start or a stop waits for, since when, and the
// stacks of its goroutines; jobs with their last runs; queues and dead letters; settings with
// source and line; log levels; build, goroutines and profiles; and the last hundred actions.
// Every topic is a page, /jobs, and the same as JSON, /api/v1/jobs. Both take ?q= as a
// filter, and both have a live stream, /jobs/events and /api/v1/jobs/events.
//
// # Who may see it
//
// The page is off until [Use] is called: there is no listener and no route. Then it is
// served by a listener of its own at Admin:Urls, by default on a free port of the loopback
// address. The listener is the first service that starts and the last one that stops, so that
// a start or a stop that hangs can be looked at.
//
// Every request needs a token, also on the loopback address. If none is configured, a token
// is generated. If stderr is a terminal, the link with the token is written to it, and
// nowhere else. Opening the link exchanges the token for a cookie. Tools send the token as
// "Authorization: Bearer". A unix socket needs no token: the permissions of the file decide.
//
// The Host header of every request must be allowed, so that a website whose name resolves to
// this address is refused (DNS rebinding). A request that changes something must not come
// from another site. Each token has a list of [Grant].
//
// Values are masked by type, tag, source and name. The page cannot change the configuration,
// dump the memory, or stop the host.
package admin
