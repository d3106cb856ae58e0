package admin

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/fxhost/fxhost/config"
)

// Options are the section Admin of the configuration for [Use], and the parameter of
// [Module]. The zero value is a page on a free port of the loopback address, with a token
// that is made.
type Options struct {
	// Urls are where the page is served: "http://127.0.0.1:8085", or "unix:/run/orders/admin.sock";
	// several are separated by a semicolon. There is no TLS: for other machines, put a
	// proxy in front of it. Default is "http://127.0.0.1:0", a free port.
	Urls string
	// Token opens the page: 16 characters at least. Default is one that is made at each start.
	Token config.Secret
	// Grants are what Token, and a unix socket, allow. Default is all of them.
	Grants []Grant
	// Users have a token and grants each, by name. The name is in the records of what they do.
	Users map[string]User
	// ReadOnly leaves everybody with [Look].
	ReadOnly bool
	// AllowedHosts are the names, without a port, by which the page may be asked for, beside
	// localhost and addresses: that of a proxy in front of it, for example.
	AllowedHosts []string
	// Disabled has the page not served, in one environment for example.
	Disabled bool
}

// User is somebody who may use the page.
type User struct {
	// Token is the user's, 16 characters at least.
	Token config.Secret
	// Grants are what the user may do. Default is all.
	Grants []Grant
}

// Grant is something that a token allows.
type Grant string

// The grants.
const (
	Look    Grant = "look"    // see everything but what Profile allows
	Act     Grant = "act"     // run, pause and resume jobs; send dead letters again, and discard them
	Change  Grant = "change"  // change log levels
	Profile Grant = "profile" // take profiles, and see the stacks of all goroutines
)

func allGrants() []Grant { return []Grant{Look, Act, Change, Profile} }

const (
	defaultUrls = "http://127.0.0.1:0"
	minToken    = 16
)

// Validate returns an error for each option that cannot be used.
func (o *Options) Validate() error {
	var errs []error
	refuse := func(key, format string, args ...any) {
		errs = append(errs, &config.KeyError{Key: key, Err: fmt.Errorf(format, args...)})
	}
	if _, err := o.addresses(); err != nil {
		refuse("Urls", "%w", err)
	}
	check := func(at string, token config.Secret, grants []Grant) {
		if token != "" && len(token) < minToken {
			refuse(at+"Token", "is too short: write %d characters at least, such as the output of \"openssl rand -hex 32\"", minToken)
		}
		for i, g := range grants {
			if !slices.Contains(allGrants(), g) {
				refuse(at+"Grants:"+strconv.Itoa(i), "is %q: write one of %q", string(g), allGrants())
			}
		}
	}
	check("", o.Token, o.Grants)
	for name, u := range o.Users {
		if u.Token == "" {
			refuse("Users:"+name, "has no Token")
		}
		check("Users:"+name+":", u.Token, u.Grants)
	}
	for i, name := range o.AllowedHosts {
		if name == "" || strings.ContainsAny(name, ":/*") {
			refuse("AllowedHosts:"+strconv.Itoa(i), "is %q: write a name without scheme, port and wildcard, such as admin.example.com", name)
		}
	}
	return errors.Join(errs...)
}

// address is where the page is served.
type address struct {
	network string // "tcp" or "unix"
	name    string // for net.Listen
}

func (o *Options) addresses() ([]address, error) {
	urls := o.Urls
	if strings.TrimSpace(urls) == "" {
		urls = defaultUrls
	}
	var all []address
	for text := range strings.SplitSeq(urls, ";") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if path, ok := strings.CutPrefix(text, "unix:"); ok {
			if path == "" || runtime.GOOS == "windows" {
				return nil, errors.New("unix: needs the path of a file, such as unix:/run/orders/admin.sock, and no Windows, " +
					"where the rights of the file do not count")
			}
			all = append(all, address{"unix", path})
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "http" || strings.TrimSuffix(u.Path, "/") != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return nil, errors.New("write http://HOST:PORT, such as http://127.0.0.1:8085, or unix:PATH; several are separated by a semicolon")
		}
		if _, err := strconv.ParseUint(u.Port(), 10, 16); err != nil {
			return nil, fmt.Errorf("%s has no port: write one, such as 8085, or 0 for a free one", text)
		}
		host := u.Hostname()
		if host == "*" || host == "+" {
			host = ""
		}
		all = append(all, address{"tcp", net.JoinHostPort(host, u.Port())})
	}
	return all, nil
}

// allows tells whether a Host header names this program. An address does: a page of
// somebody else's has a name, and it is the name that can be led here.
func (o *Options) allows(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	allowed := func(name string) bool { return strings.EqualFold(name, host) }
	return allowed("localhost") || slices.ContainsFunc(o.AllowedHosts, allowed)
}
