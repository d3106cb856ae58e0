package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Sockets are those that systemd has opened for the program and passed to it by a
// .socket unit: they are open while the program is restarted, so that no connection
// is refused. [Use] makes them injectable as *Sockets. Safe for concurrent use.
type Sockets struct {
	names []string
	files []*os.File

	mu    sync.Mutex
	asked map[string]bool
}

// firstSocket is the descriptor of the first one, as sd_listen_fds(3) has it.
const firstSocket = 3

// maxSockets bounds what a variable can make of it.
const maxSockets = 1024

// take takes the sockets over, so that the children of the program do not.
func (s *Sockets) take() error {
	own := isOwnPID(listenPID)
	pid, count, names := take(listenPID), take(listenFDs), take(listenNames)
	if pid == "" && count == "" || !own {
		return nil // they are for another process
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > maxSockets {
		return fmt.Errorf("systemd: %s is %q: want a number from 0 to %d", listenFDs, count, maxSockets)
	}
	called := strings.Split(names, ":")
	for i := range n {
		name := "unknown" // as systemd has it
		if i < len(called) && called[i] != "" {
			name = called[i]
		}
		fd := firstSocket + i
		closeOnExec(fd)
		s.names = append(s.names, name)
		s.files = append(s.files, os.NewFile(uintptr(fd), name))
	}
	return nil
}

// Listeners returns a listener for each socket called name: what FileDescriptorName=
// of the .socket unit says, or the name of that unit. There is none if systemd has
// passed no socket of the name, as when the program is started by hand. The caller
// closes them; that leaves the sockets open, and they can be asked for again.
func (s *Sockets) Listeners(name string) ([]net.Listener, error) {
	s.mu.Lock()
	if s.asked == nil {
		s.asked = map[string]bool{}
	}
	s.asked[name] = true
	s.mu.Unlock()
	var listeners []net.Listener
	for i, file := range s.files {
		if s.names[i] != name {
			continue
		}
		listener, err := net.FileListener(file)
		if err != nil {
			for _, l := range listeners {
				err = errors.Join(err, l.Close())
			}
			return nil, fmt.Errorf("systemd: socket %q: %w: want ListenStream= in its unit", name, err)
		}
		listeners = append(listeners, listener)
	}
	return listeners, nil
}

// unused are the names that nobody has asked for.
func (s *Sockets) unused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.names), func(name string) bool { return s.asked[name] })
}

func (s *Sockets) close() {
	for _, file := range s.files {
		_ = file.Close() // the process ends
	}
}
