package health

import (
	"errors"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/probe"
)

// Options are the section Health of the configuration for [Use], and the parameter of
// [Module].
type Options struct {
	// Urls are where the probes are served, such as "http://127.0.0.1:8081", or
	// "http://*:8081" for all addresses; several are separated by a semicolon. There
	// is no TLS. Without Urls there is no server.
	Urls string
	// ShowErrors has ?verbose show the error texts of checks, which may contain
	// addresses, names of users, or worse. Default false.
	ShowErrors bool
}

// Validate returns an error if Urls cannot be listened on.
func (o *Options) Validate() error {
	if _, err := probe.Addresses(o.Urls); err != nil {
		return &config.KeyError{Key: "Urls", Err: err}
	}
	return nil
}

// Probe is one of the three questions.
type Probe string

// The probes, with the paths /livez, /readyz and /startupz.
const (
	Live    Probe = probe.Live
	Ready   Probe = probe.Ready
	Startup Probe = probe.Startup
)

func (p Probe) path() string { return probe.Path(string(p)) }

// failure is the error of a probe that has failed.
func (p Probe) failure(reason string) error {
	switch p {
	case Live:
		return errors.New("not live: " + reason)
	case Startup:
		return errors.New("not started: " + reason)
	default:
		return errors.New("not ready: " + reason)
	}
}
