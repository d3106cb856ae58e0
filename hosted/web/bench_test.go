package web_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

// What a scope adds to a request that does not use it, and to one that does.
func BenchmarkHandler(b *testing.B) {
	var scopes *web.Scopes
	app := fx.New(fx.NopLogger, scope.Module(), scope.Value[*http.Request](), fx.Provide(zap.NewNop, web.NewScopes),
		scope.Provide(func() *Cart { return &Cart{} }), fx.Populate(&scopes))
	if err := app.Err(); err != nil {
		b.Fatal(err)
	}
	w, r := httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
	run := func(name string, next http.HandlerFunc) {
		handler := scopes.Handler(next)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(w, r)
			}
		})
	}
	run("unused", func(http.ResponseWriter, *http.Request) {})
	run("one Get", func(_ http.ResponseWriter, r *http.Request) {
		if _, err := web.Get[*Cart](r); err != nil {
			b.Fatal(err)
		}
	})
	scopes.With(func(r *http.Request) scope.Input { return scope.With(r) })
	run("one input", func(http.ResponseWriter, *http.Request) {})
}

// What a request costs over a real connection: of an http.Server with a bare mux, of
// one with unused scopes around it, and of a server of AddServer, in turn.
func BenchmarkRequests(b *testing.B) {
	newMux := func() *http.ServeMux {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
		return mux
	}
	var scopes *web.Scopes
	var server *web.Server
	app := fx.New(fx.NopLogger, scope.Module(), hosted.Module(), fx.Provide(zap.NewNop, web.NewScopes),
		web.AddServer("public", newMux, web.Defaults(func(s *web.Settings) { s.Urls = web.Urls{"http://127.0.0.1:0"} })),
		fx.Populate(&scopes, fx.Annotate(&server, fx.ParamTags(`name:"public"`))))
	if err := app.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()
	plain := func(handler http.Handler) string {
		s := httptest.NewUnstartedServer(handler)
		s.Config.ReadHeaderTimeout, s.Config.IdleTimeout = 10*time.Second, 130*time.Second // as everybody should
		s.Start()
		b.Cleanup(s.Close)
		return s.URL
	}
	urls := []string{plain(newMux()), plain(scopes.Handler(newMux())), server.URLs()[0]}
	times := make([][]time.Duration, len(urls))
	var requests []func()
	for _, url := range urls {
		c, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		reader := bufio.NewReader(c)
		requests = append(requests, func() {
			_, _ = io.WriteString(c, "GET /ada HTTP/1.1\r\nHost: server\r\n\r\n")
			for line := ""; line != "\r\n"; {
				if line, err = reader.ReadString('\n'); err != nil {
					b.Fatal(err)
				}
			}
			if _, err := reader.Discard(len("hello")); err != nil {
				b.Fatal(err)
			}
		})
	}
	for b.Loop() {
		for i, request := range requests {
			begin := time.Now()
			for range 20 {
				request()
			}
			times[i] = append(times[i], time.Since(begin))
		}
	}
	fast := func(i int) float64 {
		slices.Sort(times[i])
		return float64(times[i][len(times[i])/20]) / 20 // nearly the fastest: others work on this machine, too
	}
	b.ReportMetric(fast(0), "ns/bare")
	b.ReportMetric(fast(0)/fast(1), "scopes/bare")
	b.ReportMetric(fast(0)/fast(2), "server/bare")
	b.ReportMetric(0, "ns/op") // that of a whole turn means nothing
}
