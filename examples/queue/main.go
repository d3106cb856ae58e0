// Command queue accepts work over HTTP, answers 202 at once, and does the work in
// the background. Ctrl-C stops the server, runs what was accepted, and ends:
//
//	curl -i -X POST localhost:8080/thumbnails/cat.png
//	curl localhost:8080/
package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
)

// Options is section Server of the configuration.
type Options struct {
	Address string
	Pause   time.Duration // that a thumbnail takes
}

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(
		config.Configure("Server", config.Default(Options{Address: "localhost:8080", Pause: time.Second})),
		fx.Provide(NewHandler),
		scope.Provide(NewThumbnailer),
		// The server stops before the queue: what was added last stops first.
		queue.AddTaskQueue(queue.TaskQueueOptions{Capacity: 100, Workers: 2}, hosted.Name("thumbnails")),
		hosted.AddHostedService[*Server](NewServer, hosted.Name("server")),
	)
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

// Thumbnailer makes one thumbnail: each task has a new one, in a scope of its own.
type Thumbnailer struct {
	options *Options
	log     *zap.Logger
}

func NewThumbnailer(options *Options, log *zap.Logger) *Thumbnailer {
	return &Thumbnailer{options, log}
}

func (t *Thumbnailer) Make(ctx context.Context, name string) error {
	select {
	case <-time.After(t.options.Pause):
		t.log.Info("thumbnail made", zap.String("name", name))
		return nil
	case <-ctx.Done(): // there was not enough time in the stop
		return context.Cause(ctx)
	}
}

// NewHandler is called by fx.
func NewHandler(tasks *queue.TaskQueue, scopes *scope.Factory) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /thumbnails/{name}", func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("name")
		err := tasks.TryEnqueue(queue.Scoped(scopes, func(ctx context.Context, t *Thumbnailer) error {
			return t.Make(ctx, name)
		}))
		if err != nil { // it is full, or stops
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(tasks.Status())
	})
	return mux
}

// Server is an HTTP server as a hosted service.
type Server struct {
	http.Server
	log *zap.Logger
}

// NewServer is called by fx.
func NewServer(options *Options, handler http.Handler, log *zap.Logger) *Server {
	return &Server{http.Server{Addr: options.Address, Handler: handler, ReadHeaderTimeout: 5 * time.Second}, log}
}

func (s *Server) StartAsync(ctx context.Context) error {
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", s.Addr)
	if err != nil {
		return err
	}
	s.log.Info("server listening", zap.String("address", listener.Addr().String()))
	go func() {
		if err := s.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("server failed", zap.Error(err))
		}
	}()
	return nil
}

func (s *Server) StopAsync(ctx context.Context) error { return s.Shutdown(ctx) }
