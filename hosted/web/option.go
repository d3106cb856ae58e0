package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/outline"
)

// Option is an option of one server.
type Option interface{ apply(*declared) }

type option func(*declared)

func (o option) apply(d *declared) { o(d) }

// declared is a server as its options describe it. It does not change.
type declared struct {
	name      string
	defaults  []func(*Settings)
	configure []func(*http.Server)
	accessLog bool
	quiet     []string
	service   []hosted.ServiceOption
	err       error
}

// Defaults calls set to change the default settings. The configuration wins over them.
func Defaults(set func(*Settings)) Option {
	return option(func(d *declared) {
		if set == nil {
			d.err = errors.Join(d.err, errors.New("Defaults: the function is nil"))
			return
		}
		d.defaults = append(d.defaults, set)
	})
}

// Configure calls set to change the http.Server before it is started, for what is not in
// [Settings]: a tls.Config that asks for certificates of clients, HTTP2, ConnState. The
// [Server] sets Handler and BaseContext itself.
func Configure(set func(*http.Server)) Option {
	return option(func(d *declared) {
		if set == nil {
			d.err = errors.Join(d.err, errors.New("Configure: the function is nil"))
			return
		}
		d.configure = append(d.configure, set)
	})
}

// AccessLog logs each request at info, except those with one of the paths, such as
// those of probes.
func AccessLog(except ...string) Option {
	return option(func(d *declared) { d.accessLog, d.quiet = true, append(d.quiet, except...) })
}

// Service passes options to the hosted service of the server, such as
// hosted.OnFault(hosted.Ignore).
func Service(options ...hosted.ServiceOption) Option {
	return option(func(d *declared) { d.service = append(d.service, options...) })
}

func (d *declared) section() string { return "Servers:" + d.name }

// port is what a Deployment has to know of the server.
func (d *declared) port() outline.Port {
	defaults := defaultSettings()
	for _, set := range d.defaults {
		set(&defaults)
	}
	if len(defaults.Urls) == 0 {
		defaults.Urls = Urls{defaultURL}
	}
	return outline.Port{Name: d.name, Key: d.section() + ":Urls", Else: "urls", Default: strings.Join(defaults.Urls, ";")}
}

// defaultURL is where a server listens that nobody gives an address.
const defaultURL = "http://localhost:8080"

// checked are the settings of a server, or what is wrong with them.
type checked struct {
	current func() Settings
	err     error
}

// settingsParams is what the settings are read from.
type settingsParams struct {
	fx.In

	Configuration *config.Manager `optional:"true"`
}

// rootKeys are those at the root of the configuration that concern servers.
type rootKeys struct{ Urls Urls }

func (d *declared) read(in settingsParams) checked {
	defaults := defaultSettings()
	for _, set := range d.defaults {
		set(&defaults)
	}
	var root rootKeys
	urls := defaults.Urls
	defaults.Urls = nil
	if in.Configuration != nil {
		if err := in.Configuration.Bind("", &root); err != nil {
			return checked{err: err}
		}
	}
	complete := func(s *Settings) {
		for _, other := range []Urls{root.Urls, urls, {defaultURL}} {
			if len(s.Urls) == 0 {
				s.Urls = slices.Clone(other)
			}
		}
	}
	if in.Configuration == nil {
		complete(&defaults)
		if err := defaults.Validate(); err != nil {
			return checked{err: fmt.Errorf("web: Defaults of server %q: %w", d.name, err)}
		}
		return checked{current: func() Settings { return defaults }}
	}
	monitor, err := config.NewMonitor(in.Configuration, d.section(), config.Default(defaults), config.PostConfigure(complete))
	if err != nil {
		return checked{err: err}
	}
	return checked{current: func() Settings { return *monitor.Current() }}
}

// server makes the server of what fx has.
func (d *declared) server(in serverParams, c checked, h handler) (*Server, error) {
	switch {
	case c.err != nil:
		return nil, c.err
	case h.Handler == nil:
		return nil, fmt.Errorf("web: server %q: its constructor returned a nil handler without an error", d.name)
	case in.Log == nil:
		in.Log = zap.NewNop()
	}
	if in.Scopes == nil && in.Factory != nil {
		in.Scopes = &Scopes{factory: in.Factory, log: in.Log}
	}
	return &Server{declared: *d, in: in, settings: c.current, handler: h.Handler}, nil
}
