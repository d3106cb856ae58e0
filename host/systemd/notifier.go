package systemd

import (
	"fmt"
	"net"
	"strings"
	"time"
)

// Notifier sends messages to systemd, as sd_notify(3) does (.NET: ISystemdNotifier).
// [Use] makes it injectable as *Notifier. Safe for concurrent use.
//
// It is for what the host does not send itself. A StartAsync that migrates a database
// for a long time, without a change that the host would see, sends
// "EXTEND_TIMEOUT_USEC=60000000".
type Notifier struct{ address string }

// sendLimit bounds the sending of one message: systemd may be busy, or stopped.
const sendLimit = time.Second

// Enabled tells whether there is somebody to notify.
func (n *Notifier) Enabled() bool { return n.address != "" }

// Notify sends assignments such as "STATUS=half way" in one message. It does nothing
// if there is nobody to notify. It takes a second at most.
func (n *Notifier) Notify(assignments ...string) error {
	if !n.Enabled() {
		return nil
	}
	for _, assignment := range assignments {
		if name, _, ok := strings.Cut(assignment, "="); !ok || name == "" || strings.Contains(assignment, "\n") {
			return fmt.Errorf("systemd: notify: %q: want one line such as STATUS=ready", assignment)
		}
	}
	if !strings.HasPrefix(n.address, "/") && !strings.HasPrefix(n.address, "@") {
		return fmt.Errorf("systemd: notify: %s is %q: want the path of a socket, or @ and the name of an abstract one",
			notifySocket, n.address)
	}
	// A connection for each message: whoever listens may begin anew with a socket of
	// the same name. Package net makes an abstract socket of an address with @.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.address, Net: "unixgram"})
	if err != nil {
		return fmt.Errorf("systemd: notify: %w", err)
	}
	defer conn.Close() //nolint:errcheck // nothing is left to be sent
	if err := conn.SetWriteDeadline(time.Now().Add(sendLimit)); err != nil {
		return fmt.Errorf("systemd: notify: %w", err)
	}
	if _, err := conn.Write([]byte(strings.Join(assignments, "\n"))); err != nil {
		return fmt.Errorf("systemd: notify: %w", err)
	}
	return nil
}
