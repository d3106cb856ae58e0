// Package sockets holds the seam between those who are given sockets, as by systemd,
// and the servers that listen on them.
package sockets

import "net"

// Listeners returns the listeners that the program was given for a server, none if
// there are none.
type Listeners func(server string) ([]net.Listener, error)
