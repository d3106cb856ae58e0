package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// address is one of Settings.Urls.
type address struct {
	url     string
	tls     bool
	network string // tcp or unix
	name    string // as package net has it
}

func parseURL(url string) (address, error) {
	scheme, rest, ok := strings.Cut(url, "://")
	a := address{url: url, tls: strings.EqualFold(scheme, "https"), network: "tcp"}
	if !ok || !a.tls && !strings.EqualFold(scheme, "http") {
		return a, errors.New("want http://HOST:PORT, https://HOST:PORT or http://unix:PATH")
	}
	if path, unix := strings.CutPrefix(rest, "unix:"); unix {
		if path == "" {
			return a, errors.New("want a path after unix:, such as http://unix:/run/app.sock")
		}
		a.network, a.name = "unix", path
		return a, nil
	}
	rest = strings.TrimSuffix(rest, "/")
	if strings.ContainsAny(rest, "/?#@") {
		return a, errors.New("an address has no path: that is for the routes of the handler")
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil { // there is no port
		port = "80"
		if a.tls {
			port = "443"
		}
		host = strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]")
		if strings.Contains(host, ":") && host == rest {
			return a, errors.New("want an IPv6 address in brackets, such as http://[::1]:8080")
		}
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return a, fmt.Errorf("port %q: want 0 to 65535", port)
	}
	if host == "*" || host == "+" {
		host = ""
	}
	a.name = net.JoinHostPort(host, port)
	return a, nil
}

// listen opens the address. key is the setting to change if it cannot be had.
func (a address) listen(ctx context.Context, key string) (net.Listener, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, a.network, a.name)
	if a.network == "unix" && errors.Is(err, syscall.EADDRINUSE) && a.removeStale(ctx) {
		l, err = config.Listen(ctx, a.network, a.name)
	}
	var errno syscall.Errno
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %w%s; end it, or write another address in %s", a.url, syscall.EADDRINUSE, a.holder(), key)
	case errors.Is(err, syscall.EACCES) && a.network == "tcp":
		return nil, fmt.Errorf("%s: %w: ports below 1024 need the capability CAP_NET_BIND_SERVICE; "+
			"write a higher port in %s, or give the program the capability", a.url, syscall.EACCES, key)
	case errors.As(err, &errno):
		return nil, fmt.Errorf("%s: %w; write another address in %s", a.url, errno, key)
	default:
		return nil, fmt.Errorf("%s: %w", a.url, err)
	}
}

// removeStale removes the socket of a process that has died. One that answers stays,
// and so does a file that is no socket.
func (a address) removeStale(ctx context.Context) bool {
	info, err := os.Lstat(a.name)
	if err != nil || info.Mode().Type() != os.ModeSocket {
		return false
	}
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, a.network, a.name)
	if err == nil {
		_ = c.Close() // only the answer counts
		return false
	}
	return errors.Is(err, syscall.ECONNREFUSED) && os.Remove(a.name) == nil
}

// holder says who has the address, as far as the system tells.
func (a address) holder() string {
	if info, err := os.Lstat(a.name); a.network == "unix" && err == nil && info.Mode().Type() != os.ModeSocket {
		return " by a file that is not a socket"
	}
	pid, name := a.process()
	switch pid {
	case 0:
		return ""
	case os.Getpid():
		return " by this process"
	default:
		return fmt.Sprintf(" by process %d (%s)", pid, name)
	}
}
