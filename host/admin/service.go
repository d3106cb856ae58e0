package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/term"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/fields"
)

// Limits of the server. There is no limit for a whole answer, because streams have no
// end: each write has one.
const (
	readTimeout    = 10 * time.Second
	writeTimeout   = 10 * time.Second
	idleTimeout    = 130 * time.Second
	maxHeaderBytes = 32 << 10
	maxBody        = 64 << 10
	// shutdownLimit is how long the stop waits for requests that are being answered.
	shutdownLimit = time.Second
)

// service serves the page.
type service struct {
	admin   *Admin
	options *Options
	sources sources
	log     *zap.Logger

	listeners []net.Listener
	servers   []*http.Server
	serving   sync.WaitGroup
	fail      sync.Once
	failed    chan struct{} // closed when a server has ended by itself
	err       error         // why; read it after failed
}

func newService(a *Admin, o *Options, s sources) *service {
	if s.Log == nil {
		s.Log = zap.NewNop()
	}
	return &service{admin: a, options: o, sources: s, log: s.Log, failed: make(chan struct{})}
}

// StartAsync listens. The page is there before any other service starts.
func (s *service) StartAsync(ctx context.Context) error {
	if s.options.Disabled {
		return nil
	}
	addresses, err := s.options.addresses()
	if err != nil {
		return fmt.Errorf("admin: Admin:Urls: %w", err)
	}
	for _, a := range addresses {
		listener, err := listen(ctx, a)
		if err != nil {
			s.closeListeners()
			return fmt.Errorf("admin: Admin:Urls: %w", err)
		}
		s.listeners = append(s.listeners, listener)
	}
	handler := newServer(s.options, s.admin.keys, s.sources)
	for _, listener := range s.listeners {
		s.serve(listener, handler)
	}
	s.introduce()
	return nil
}

// serve serves until the listener is closed.
func (s *service) serve(listener net.Listener, handler http.Handler) {
	log, _ := zap.NewStdLogAt(s.log, zap.DebugLevel) // whoever scans ports is no news
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readTimeout,
		// It would answer OPTIONS * without a look at who asks.
		DisableGeneralOptionsHandler: true,
		ReadTimeout:                  readTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		ErrorLog:                     log,
	}
	s.servers = append(s.servers, server)
	s.serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.fail.Do(func() {
				s.err = fmt.Errorf("admin: serve %s: %w", listener.Addr(), err)
				close(s.failed)
			})
		}
	})
}

// introduce says where the page is. The link with the token is for the person at the
// terminal alone.
func (s *service) introduce() {
	var addresses []string
	var link string
	for _, listener := range s.listeners {
		address := listener.Addr().String()
		addresses = append(addresses, address)
		tcp, ok := listener.Addr().(*net.TCPAddr)
		s.log.Info("admin page is served", zap.String(fields.Address, address))
		if !ok {
			continue
		}
		if !tcp.IP.IsLoopback() {
			s.log.Warn("admin page can be reached from other machines, and is not encrypted", zap.String(fields.Address, address))
		}
		if link == "" {
			host := address
			if tcp.IP.IsUnspecified() {
				host = fmt.Sprintf("localhost:%d", tcp.Port)
			}
			link = (&url.URL{Scheme: "http", Host: host, Path: "/", RawQuery: url.Values{"token": {s.admin.keys.token}}.Encode()}).String()
		}
	}
	s.admin.mu.Lock()
	s.admin.addresses, s.admin.link = addresses, link
	s.admin.mu.Unlock()
	switch terminal := term.IsTerminal(int(os.Stderr.Fd())); {
	case link == "":
	case terminal:
		_, _ = fmt.Fprintln(os.Stderr, "admin page:", link)
	case s.admin.keys.made && len(s.options.Users) == 0:
		s.log.Warn("nobody can open the admin page: set Admin:Token, because there is no terminal to show the token that was made")
	}
}

func (s *service) closeListeners() {
	for _, l := range s.listeners {
		_ = l.Close()
	}
	s.listeners = nil
}

// StopAsync closes the listeners. It is called after all other services have stopped,
// which may have used up all the time there is. Streams have ended when the stop began.
func (s *service) StopAsync(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	var closing sync.WaitGroup
	for _, server := range s.servers {
		closing.Go(func() {
			if server.Shutdown(ctx) != nil {
				_ = server.Close()
			}
		})
	}
	closing.Wait()
	s.serving.Wait()
	s.servers, s.listeners = nil, nil
	return nil
}

// Done implements hosted.Awaiter.
func (s *service) Done() <-chan struct{} { return s.failed }

// Err implements hosted.Awaiter.
func (s *service) Err() error { return s.err }

// Endless implements hosted.EndlessService: nobody waits for the end of the page.
func (s *service) Endless() bool { return true }

var (
	_ hosted.Awaiter        = (*service)(nil)
	_ hosted.EndlessService = (*service)(nil)
	_ hosted.HostedService  = (*service)(nil)
)
