package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
)

// Options is section Server of the configuration.
type Options struct {
	Address string // on which the server listens
}

// Server is the HTTP server as a hosted service.
type Server struct {
	background.BackgroundService
	server   *http.Server
	listener net.Listener
	log      *zap.Logger
}

// NewServer is called by fx.
func NewServer(options *Options, router *chi.Mux, log *zap.Logger) *Server {
	return &Server{log: log, server: &http.Server{
		Addr: options.Address, Handler: router, ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: zap.NewStdLog(log),
	}}
}

// StartAsync listens on the address, so that the start fails if it is in use.
func (s *Server) StartAsync(ctx context.Context) (err error) {
	var config net.ListenConfig
	if s.listener, err = config.Listen(ctx, "tcp", s.server.Addr); err != nil {
		return err
	}
	s.log.Info("server listening", zap.Stringer("address", s.listener.Addr()))
	return s.BackgroundService.StartAsync(ctx)
}

// ExecuteAsync serves until StopAsync.
func (s *Server) ExecuteAsync(context.Context) error {
	if err := s.server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// StopAsync waits for the requests in progress, and so for their scopes.
func (s *Server) StopAsync(ctx context.Context) error {
	return errors.Join(s.server.Shutdown(ctx), s.BackgroundService.StopAsync(ctx))
}
