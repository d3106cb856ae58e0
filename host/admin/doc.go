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
// Without [Use] there is nothing: no listener and no route. With it, there is a listener
// of its own at Admin:Urls, by default a free port of the loopback address. It is the first
// service that starts and the last one that stops, so that a start and a stop can be looked
// at while they hang.
//
// Every request needs a token, also on the loopback address. If none is configured, one is made;
// the link with it is written to stderr if that is a terminal, and nowhere else. The link is
// exchanged for a cookie, tools send the token as "Authorization: Bearer". A unix socket
// needs no token: whoever may open the file may use it. A request must name a host that is
// allowed, which keeps out pages whose name leads to this address, and a request that changes something
// must not come from another page. What a token allows is a list of [Grant].
//
// Values are masked by type, tag, source and name. Nothing writes to the configuration, shows the
// content of the memory, or stops the host.
package admin
