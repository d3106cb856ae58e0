package systemd

import (
	"fmt"
	"strings"
	"time"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/printable"
)

// phase is how far the life of the host has come.
type phase uint8

const (
	constructing phase = iota
	starting
	running
	draining
	stopping
	ended
)

// maxNames is how many services a status names.
const maxNames = 3

// describe is the status of a host: one line for systemctl status. left is what is
// left of the drain.
func describe(p phase, services []hosted.ServiceStatus, left time.Duration) string {
	in := func(states ...hosted.State) (names []string) {
		for _, s := range services {
			for _, state := range states {
				if s.State == state {
					names = append(names, s.Name)
				}
			}
		}
		return names
	}
	switch p {
	case constructing:
		return "constructing"
	case starting:
		called := len(services) - len(in(hosted.StateRegistered))
		return fmt.Sprintf("starting%s (%d/%d)", list(" ", in(hosted.StateStarting)), called, len(services))
	case draining:
		return fmt.Sprintf("draining %ds", (left+time.Second-1)/time.Second)
	case stopping:
		return "stopping" + list(", waiting for ", in(hosted.StateStopping)) + list(", left behind: ", in(hosted.StateLeftBehind))
	case ended:
		return "stopped"
	default:
		return describeRunning(services)
	}
}

// describeRunning names what does not run as it should.
func describeRunning(services []hosted.ServiceStatus) string {
	var others []string
	runs := 0
	for _, s := range services {
		switch s.State {
		case hosted.StateRunning, hosted.StateCompleted:
			runs++
		default:
			others = append(others, s.Name+" "+s.State.String())
		}
	}
	if len(others) > 0 {
		return fmt.Sprintf("running, %d of %d services%s", runs, len(services), list("; ", others))
	}
	if runs == 1 {
		return "running, 1 service"
	}
	return fmt.Sprintf("running, %d services", runs)
}

// list is some of the names, behind prefix; "" if there are none.
func list(prefix string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	more := ""
	if extra := len(names) - maxNames; extra > 0 {
		names, more = names[:maxNames], fmt.Sprintf(" and %d more", extra)
	}
	return prefix + strings.Join(names, ", ") + more
}

// maxStatus bounds a status: systemd refuses messages of more than 4096 bytes.
const maxStatus = 500

// status is the assignment of a text that may have names of the user in it.
func status(text string) string {
	text = printable.Text(strings.ToValidUTF8(text, "?"))
	if len(text) > maxStatus {
		text = strings.ToValidUTF8(text[:maxStatus], "") + "..."
	}
	return "STATUS=" + text
}
