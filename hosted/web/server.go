package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/fields"
)

// Server is an http.Server as a hosted service. [AddServer] makes it. It is
// injectable as *Server with the name of the server: `name:"public"`.
type Server struct {
	declared

	in       serverParams
	settings func() Settings
	handler  http.Handler

	mu  sync.Mutex
	run *run // the last one, nil before the first start
}

// URLs are where the server listens, with the ports that the system has chosen; nil
// before it has started. Safe for concurrent use.
func (s *Server) URLs() []string {
	r := s.current()
	if r == nil {
		return nil
	}
	return append([]string(nil), r.urls...)
}

func (s *Server) current() *run {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.run
}

// StartAsync listens, and serves requests from then on. The error says which address
// cannot be had, and if the system tells, which process has it.
func (s *Server) StartAsync(ctx context.Context) error {
	settings := s.settings()
	addresses, listeners, err := s.listen(ctx, settings.Urls)
	if err != nil {
		return err
	}
	served := false
	defer func() {
		if !served { // also if code of the user's panics
			closeAll(listeners)
		}
	}()
	r := newRun(s, &settings)
	for i, l := range listeners {
		r.urls = append(r.urls, addresses[i].actual(l.Addr()))
	}
	if err := s.secure(r.http, &settings, addresses); err != nil {
		return err
	}
	served = true
	for i, l := range listeners {
		r.serve(listener{l, r.connections}, r.urls[i], addresses[i].tls)
	}
	s.mu.Lock()
	s.run = r
	s.mu.Unlock()
	log := s.in.Log
	log.Info("server listening", zap.Strings(fields.Urls, r.urls))
	return nil
}

// listen opens all addresses, or takes the listeners that were given from outside.
func (s *Server) listen(ctx context.Context, urls Urls) (addresses []address, listeners []net.Listener, err error) {
	for _, url := range urls {
		a, err := parseURL(url)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", url, err)
		}
		addresses = append(addresses, a)
	}
	if s.in.Listeners != nil {
		if listeners, err = s.in.Listeners(s.name); err != nil {
			return nil, nil, err
		}
	}
	if len(listeners) > 0 {
		for len(addresses) < len(listeners) {
			addresses = append(addresses, addresses[len(addresses)-1])
		}
		return addresses, listeners, nil
	}
	for _, a := range addresses {
		l, err := a.listen(ctx, s.section()+":Urls")
		if err != nil {
			closeAll(listeners)
			return nil, nil, err
		}
		listeners = append(listeners, l)
	}
	return addresses, listeners, nil
}

func closeAll(listeners []net.Listener) {
	for _, l := range listeners {
		_ = l.Close() // nobody was served
	}
}

// actual is the URL of what the system has chosen.
func (a address) actual(of net.Addr) string {
	scheme, _, _ := strings.Cut(a.url, "://")
	name := of.String()
	if of.Network() == "unix" {
		name = "unix:" + name
	}
	if tcp, ok := of.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		name = fmt.Sprintf("*:%d", tcp.Port)
	}
	return scheme + "://" + name
}

// secure loads the certificate if an address needs one.
func (s *Server) secure(server *http.Server, settings *Settings, addresses []address) error {
	c := settings.Certificate
	needed := ""
	for _, a := range addresses {
		if a.tls {
			needed = a.url
		}
	}
	if server.TLSConfig == nil {
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	server.TLSConfig = server.TLSConfig.Clone() // that of Configure may be for several servers
	own := server.TLSConfig.GetCertificate != nil || len(server.TLSConfig.Certificates) > 0 || server.TLSConfig.GetConfigForClient != nil
	switch {
	case needed == "" || c.Path == "" && own:
		return nil
	case c.Path == "":
		return &config.KeyError{Key: s.section() + ":Certificate:Path", Err: fmt.Errorf("%s needs a certificate: write the path of a PEM file", needed)}
	case c.KeyPath == "":
		c.KeyPath = c.Path
	}
	loaded, err := loadCertificate(s.path(c.Path), s.path(c.KeyPath), s.in.Log)
	if err != nil {
		return &config.KeyError{Key: s.section() + ":Certificate", Err: err}
	}
	server.TLSConfig.GetCertificate = loaded.get
	return nil
}

// path is a path of the settings, from the content root.
func (s *Server) path(path string) string {
	if s.in.Configuration == nil || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.in.Configuration.BasePath(), path)
}

// DrainingAsync has each response tell its client to go elsewhere; the server goes on
// serving until it is stopped.
func (s *Server) DrainingAsync(context.Context) error {
	if r := s.current(); r != nil {
		r.leaving.Store(true)
	}
	return nil
}

// StopAsync stops the server, see [AddServer].
func (s *Server) StopAsync(ctx context.Context) error {
	if r := s.current(); r != nil {
		return r.stop(ctx)
	}
	return nil
}

// Done is closed when the server serves no more.
func (s *Server) Done() <-chan struct{} {
	if r := s.current(); r != nil {
		return r.done
	}
	return nil
}

// Err says why, if nobody has stopped it.
func (s *Server) Err() error {
	if r := s.current(); r != nil {
		return errors.Join(r.failures()...)
	}
	return nil
}
