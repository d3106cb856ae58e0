// Package health answers whether a host is live, ready and started, for orchestrators
// such as Kubernetes and Docker (.NET: Microsoft.Extensions.Diagnostics.HealthChecks).
//
//	builder.Add(
//		health.Use(),
//		health.AddCheckOf("db", (*sql.DB).PingContext),
//	)
//
// # Three questions
//
//   - Live: does the program still work, or must it be restarted? It is live unless one
//     of its hosted services has stalled, has failed and is not restarted, or hangs.
//   - Ready: may it be given work? From the end of the start until a stop is requested,
//     while it is live.
//   - Startup: has the start succeeded?
//
// Nothing needs to be written for these. A [Check] adds something of the application,
// such as a database. By default it decides none of the three: it is shown, and what
// fails is degraded. All replicas of a program share their database. If its failure
// made them unready, all of them would be taken out of service in the same moment, and
// requests that do not need it would fail too; if it made them not live, all of them would
// be restarted, which does not bring the database back. [Tags] is for checks of what
// belongs to this one process, such as a cache that must be filled.
//
// # Serving
//
// [Use] starts a small HTTP server at the addresses of the setting Health:Urls, before
// the first hosted service starts, and stops it after the last one has stopped, so that
// the probes are answered during the start and the stop. It serves /livez, /readyz and
// /startupz. Without the setting there is no server; [Health.Handler] is for the server
// of the program itself. Probes never run checks: these run in the background, and a
// probe reports their last result.
package health
