// Package fields holds the keys of every log field that fxhost writes: one
// name for one thing, so that a query written today finds the record tomorrow.
package fields

// Keys of log fields.
const (
	Service     = "service"      // name of a hosted service
	Hook        = "hook"         // function that appended an fx hook
	Callback    = "callback"     // place that registered an ApplicationLifetime callback
	Phase       = "phase"        // starting, start, started, stopping, stop, stopped, or that of a callback
	Elapsed     = "elapsed"      // how long it took
	Reason      = "reason"       // why the host stops
	By          = "by"           // who has paused a job, or why
	Error       = "error"        // what went wrong, verbatim
	Stack       = "stack"        // where it panicked
	Services    = "services"     // count of registered services, or names of some
	Failures    = "failures"     // count of services that failed
	Restarts    = "restarts"     // how often a service was restarted
	Policy      = "policy"       // what a fault leads to
	Environment = "environment"  // name of the environment
	ContentRoot = "content_root" // folder that relative paths start from
	Files       = "files"        // configuration files that were read
	Application = "application"  // name of the application
	Limit       = "limit"        // how long something may take
	Delay       = "delay"        // how long is waited
	Settings    = "settings"     // every key of the configuration, without secrets
	Dropped     = "dropped"      // how many records were not written
	Sockets     = "sockets"      // names of sockets that a service manager has opened
	Path        = "path"         // path of a request's URL, or a folder
	Message     = "message"      // ID of a message of a queue
	Messages    = "messages"     // count of messages of a queue
	Tasks       = "tasks"        // count of tasks of a task queue
	Check       = "check"        // name of a health check
	Status      = "status"       // of a response, or of a health check: healthy, degraded or unhealthy
	Address     = "address"      // host and port that is listened on
	Method      = "method"       // of a request
	Route       = "route"        // pattern that a request matched
	Bytes       = "bytes"        // size of the body of a response
	Aborted     = "aborted"      // a handler has not returned, but panicked
	Urls        = "urls"         // where a server listens
	Expires     = "expires"      // when a certificate does
	Attempt     = "attempt"      // how often a message was handed to its handler
	Client      = "client"       // address of whoever has made a request
	Action      = "action"       // what somebody has done by the admin page, such as jobs/pause
	Target      = "target"       // what it was done to
	Old         = "old"          // how that was before
	New         = "new"          // how it is now
	Signal      = "signal"       // of telemetry: traces or metrics
)
