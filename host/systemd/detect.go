package systemd

import (
	"os"
	"strconv"
)

// The variables of systemd.
const (
	notifySocket = "NOTIFY_SOCKET"
	watchdogUsec = "WATCHDOG_USEC"
	watchdogPID  = "WATCHDOG_PID"
	listenFDs    = "LISTEN_FDS"
	listenPID    = "LISTEN_PID"
	listenNames  = "LISTEN_FDNAMES"
)

// isActive tells whether systemd has started the program.
func (s *settings) isActive() bool {
	switch {
	case !supported:
		return false
	case s.active != nil:
		return *s.active
	default:
		return os.Getenv(notifySocket) != "" || isOwnPID("SYSTEMD_EXEC_PID") ||
			os.Getpid() == 1 && os.Getenv(listenPID) != "" || parent() == "systemd"
	}
}

// isOwnPID tells whether a variable has the ID of this process: it is inherited
// from one that does not remove it.
func isOwnPID(variable string) bool {
	pid, err := strconv.Atoi(os.Getenv(variable))
	return err == nil && pid == os.Getpid()
}

// take returns a variable and removes it from the environment.
func take(variable string) string {
	value := os.Getenv(variable)
	_ = os.Unsetenv(variable) // it fails for impossible names only
	return value
}
