// Package probe is what a program that serves health probes and one that asks them
// have in common.
package probe

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/fxhost/fxhost/internal/printable"
)

// The probes.
const (
	Live    = "live"
	Ready   = "ready"
	Startup = "startup"
)

// Names are all probes.
func Names() []string { return []string{Live, Ready, Startup} }

// Path is where a probe is served.
func Path(name string) string { return "/" + name + "z" }

// OK is the body of a probe that has passed.
const OK = "ok"

// Key is the setting with the addresses.
const Key = "Health:Urls"

// Addresses are those of a value of Key, for net.Listen.
func Addresses(urls string) ([]string, error) {
	var addresses []string
	for text := range strings.SplitSeq(urls, ";") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" || strings.TrimSuffix(u.Path, "/") != "" || u.User != nil ||
			u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || !isPort(u.Port()) {
			return nil, errors.New("write http://HOST:PORT, such as http://127.0.0.1:8081, or http://*:8081 for all addresses; " +
				"several are separated by a semicolon")
		}
		host := u.Hostname()
		switch strings.ToLower(host) {
		case "*", "+":
			host = ""
		case "localhost":
			host = loopback // also where there is no /etc/hosts
		}
		addresses = append(addresses, net.JoinHostPort(host, u.Port()))
	}
	return addresses, nil
}

func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

// Ask asks the probe of the program that listens on address, and returns what is
// wrong. ctx bounds all of it. No proxy is asked, whatever the environment says.
func Ask(ctx context.Context, address, name string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if port == "0" {
		return fmt.Errorf("port 0 of %s is any free one, which only the program itself knows", Key)
	}
	conn, err := dial(ctx, host, port)
	if err != nil {
		return err
	}
	address = conn.RemoteAddr().String()
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", Path(name), address); err != nil {
		return reason(ctx, err)
	}
	response, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, 64<<10)), nil)
	if err != nil {
		return reason(ctx, fmt.Errorf("%s: %w", address, err))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 200))
	text := printable.Text(string(body))
	switch {
	case err != nil:
		return reason(ctx, fmt.Errorf("%s: %w", address, err))
	case response.StatusCode == http.StatusOK && text == OK:
		return nil
	case response.StatusCode == http.StatusServiceUnavailable && text != "":
		return errors.New(text)
	default:
		return fmt.Errorf("%s answers %d to %s: it is not a program with package health", address, response.StatusCode, Path(name))
	}
}

const loopback = "127.0.0.1"

// dial needs no names where the program listens on all addresses: an image may have
// nothing that resolves them.
func dial(ctx context.Context, host, port string) (net.Conn, error) {
	var dialer net.Dialer
	if ip := net.ParseIP(host); host != "" && (ip == nil || !ip.IsUnspecified()) {
		return dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
	}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(loopback, port))
	if err != nil {
		if conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("::1", port)); err == nil {
			return conn, nil
		}
	}
	return conn, err
}

// reason is why ctx has ended, which closes the connection, or err.
func reason(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
