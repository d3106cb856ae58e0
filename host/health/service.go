package health

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/fields"
	"github.com/fxhost/fxhost/internal/probe"
)

// Limits of the server. No request has a body, and no answer is long.
const (
	readHeaderTimeout = 10 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 130 * time.Second
	maxHeaderBytes    = 32 << 10
	// shutdownLimit is how long the stop waits for requests that are being answered.
	shutdownLimit = time.Second
)

// service serves the probes and runs the checks.
type service struct {
	health *Health
	routes []Route
	log    *zap.Logger

	servers []*http.Server
	serving sync.WaitGroup
	fail    sync.Once
	failed  chan struct{} // closed when a server has ended by itself
	err     error         // why; read it after failed

	endChecks context.CancelFunc // nil unless they run
	checking  sync.WaitGroup
}

type serviceParams struct {
	fx.In

	Health *Health
	Routes []Route     `group:"fxhost.health.routes"`
	Log    *zap.Logger `optional:"true"`
}

func newService(p serviceParams) *service {
	if p.Log == nil {
		p.Log = zap.NewNop()
	}
	return &service{health: p.Health, routes: p.Routes, log: p.Log, failed: make(chan struct{})}
}

// StartAsync listens. The probes are answered before any other service starts.
func (s *service) StartAsync(ctx context.Context) error {
	addresses, err := probe.Addresses(s.health.options.Urls)
	if err != nil {
		return fmt.Errorf("health: %s: %w", probe.Key, err)
	}
	if len(addresses) == 0 {
		s.log.Debug("health is not served: Health:Urls is not set")
		return nil
	}
	handler, err := s.handler()
	if err != nil {
		return err
	}
	var listeners []net.Listener
	for _, address := range addresses {
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
		if err != nil {
			for _, l := range listeners {
				_ = l.Close()
			}
			return fmt.Errorf("health: %s: %w", probe.Key, err)
		}
		listeners = append(listeners, listener)
	}
	for _, listener := range listeners {
		s.serve(listener, handler)
	}
	return nil
}

func (s *service) serve(listener net.Listener, handler http.Handler) {
	log, _ := zap.NewStdLogAt(s.log, zap.DebugLevel) // whoever scans ports is no news
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readHeaderTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          log,
	}
	address := listener.Addr().String()
	s.servers = append(s.servers, server)
	s.health.mu.Lock()
	s.health.addresses = append(s.health.addresses, address)
	s.health.mu.Unlock()
	s.serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.fail.Do(func() {
				s.err = fmt.Errorf("health: serve %s: %w", address, err)
				close(s.failed)
			})
		}
	})
	s.log.Info("health is served", zap.String(fields.Address, address))
}

// handler has the probes and what was added to them.
func (s *service) handler() (handler http.Handler, err error) {
	mux := http.NewServeMux()
	for _, p := range []Probe{Live, Ready, Startup} {
		mux.Handle(p.path(), s.health.Handler(p))
	}
	for _, r := range s.routes {
		if err := r.addTo(mux); err != nil {
			return nil, err
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux would answer such a path with a redirect that repeats it.
		if p := r.URL.Path; p != path.Clean(p) && p != path.Clean(p)+"/" {
			http.NotFound(w, r)
			return
		}
		defer s.recovered(r)
		mux.ServeHTTP(w, r)
	}), nil
}

// recovered is deferred: net/http would log the panic of a [Route] where the noise of
// port scans goes. It then closes the connection.
func (s *service) recovered(r *http.Request) {
	value := recover()
	if value == nil {
		return
	}
	if value != http.ErrAbortHandler { //nolint:errorlint // net/http looks for this one, too
		s.log.Error("health route panicked", zap.String(fields.Path, r.URL.Path),
			zap.Error(&hosted.PanicError{Value: value}), zap.String(fields.Stack, string(debug.Stack())))
	}
	panic(http.ErrAbortHandler)
}

// StartedAsync begins the checks, which may need services that have started.
func (s *service) StartedAsync(ctx context.Context) error {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.endChecks = cancel
	for _, w := range s.health.list() {
		s.checking.Go(func() { w.watch(ctx, s.log) })
	}
	return nil
}

// StoppingAsync ends the checks before what they need stops.
func (s *service) StoppingAsync(context.Context) error {
	if s.endChecks != nil {
		s.endChecks()
		s.checking.Wait() // soon: nobody waits for a check that hangs
	}
	return nil
}

// StopAsync closes the listeners. It is called after all other services have stopped,
// which may have used up all the time there is.
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
	return nil
}

// Done implements hosted.Awaiter.
func (s *service) Done() <-chan struct{} { return s.failed }

// Err implements hosted.Awaiter.
func (s *service) Err() error { return s.err }

// Endless implements hosted.EndlessService: nobody waits for the end of the probes.
func (s *service) Endless() bool { return true }

var (
	_ hosted.Awaiter         = (*service)(nil)
	_ hosted.EndlessService  = (*service)(nil)
	_ hosted.HostedService   = (*service)(nil)
	_ hosted.StartedService  = (*service)(nil)
	_ hosted.StoppingService = (*service)(nil)
)
