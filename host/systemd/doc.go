// Package systemd runs a host as a service of systemd
// (.NET: Microsoft.Extensions.Hosting.Systemd).
//
//	builder := host.NewBuilder(os.Args[1:])
//	systemd.Use(builder)
//
// Outside of systemd [Use] leaves the host as it is. Under systemd, with a unit of
// Type=notify, systemd learns the following:
//
//   - READY=1 when all services have started, so that systemctl start returns then
//   - STOPPING=1 when a stop is requested, from wherever
//   - STATUS= follows the life of the host, for systemctl status: "starting orders
//     (3/7)", "running, 7 services", "draining 5s", "stopping, waiting for orders"
//   - EXTEND_TIMEOUT_USEC= each time a service has changed its state while the host
//     starts or stops, so that a start that moves may take longer than
//     TimeoutStartSec= and one that hangs may not, see [ExtendTimeout]
//   - WATCHDOG=1 at half of WatchdogSec=, as long as the host is live, see [Live]
//   - RELOADING=1 and READY=1 around a reload of the configuration, which SIGHUP
//     asks for
//
// SIGTERM and SIGINT stop the host as with [host.ConsoleLifetime]. The log has the
// format of the journal if it goes there and the configuration names no other.
// Sockets that systemd has opened for the program are in [Sockets].
//
// systemd takes messages from the main process only, unless the unit says
// NotifyAccess=all: a shell script that does not exec the program is such a case.
package systemd
