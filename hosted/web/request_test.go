package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

// inBubble runs the test with a server that has the options.
func inBubble(t *testing.T, handler any, options []fx.Option, test func(t *testing.T, a *application, client *http.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		a := start(t, hosted.Options{}, nil, handler, append(options, network.given())...)
		client := network.client()
		defer client.CloseIdleConnections()
		test(t, a, client)
	})
}

func TestEachRequestOfAServerHasAScope(t *testing.T) {
	t.Parallel()
	closed := make(chan closing, 10)
	handler := handle(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/unused" {
			return
		}
		first, second := mustGet(t, r), mustGet(t, r)
		given, err := web.Get[*http.Request](r)
		fmt.Fprint(w, first == second, given == r, err, len(closed))
	})
	inBubble(t, handler, []fx.Option{
		scope.Value[*http.Request](),
		scope.Provide(func(*http.Request) *unit { return &unit{closed: closed} }),
		fx.Provide(func(f *scope.Factory, log *zap.Logger) *web.Scopes {
			return web.NewScopes(f, log).With(func(r *http.Request) scope.Input { return scope.With(r) })
		}),
	}, func(t *testing.T, _ *application, client *http.Client) {
		t.Helper()
		if _, text, err := post(t.Context(), client, "http://server/", "x"); text != "true true <nil> 0" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
		if got := <-closed; got.ctx != nil {
			t.Error(got.ctx)
		}
		if _, _, err := post(t.Context(), client, "http://server/unused", "x"); err != nil || len(closed) != 0 {
			t.Errorf("%v, %d closed", err, len(closed))
		}
	})
}

// The middleware within a server has the scope of the server, not one of its own.
func TestScopesWithinAServerAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	closed := make(chan closing, 10)
	handler := func(scopes *web.Scopes) http.Handler {
		inner := scopes.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { mustGet(t, r) }))
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mustGet(t, r)
			inner.ServeHTTP(w, r)
		})
	}
	inBubble(t, handler, []fx.Option{
		scope.Provide(func() *unit { return &unit{closed: closed} }), fx.Provide(web.NewScopes),
	}, func(t *testing.T, _ *application, client *http.Client) {
		t.Helper()
		if _, _, err := post(t.Context(), client, "http://server/", "x"); err != nil {
			t.Error(err)
		}
		if synctest.Wait(); len(closed) != 1 {
			t.Errorf("%d scopes", len(closed))
		}
	})
}

func TestAPanicOfAHandlerIsLoggedAndAnswered(t *testing.T) {
	t.Parallel()
	handler := handle(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			_, _ = io.WriteString(w, "begun")
			_ = http.NewResponseController(w).Flush()
		}
		if r.URL.Path == "/abort" {
			panic(http.ErrAbortHandler)
		}
		panic("boom")
	})
	inBubble(t, handler, nil, func(t *testing.T, a *application, client *http.Client) {
		t.Helper()
		response, text, err := post(t.Context(), client, "http://server/", "x")
		if err != nil || response.StatusCode != http.StatusInternalServerError || text != "Internal Server Error\n" {
			t.Errorf("%q, %v", text, err)
		}
		for _, path := range []string{"begun", "abort"} {
			if _, text, err := post(t.Context(), client, "http://server/"+path, "x"); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %q, %v", path, text, err)
			}
		}
		panics := a.logs.FilterMessage("request panicked").All()
		if len(panics) != 2 {
			t.Fatalf("%v", panics)
		}
		fields := panics[0].ContextMap()
		if stack := fmt.Sprint(fields["stack"]); fields["error"] != "panic: boom" || fields["method"] != "POST" || fields["path"] != "/" ||
			!strings.Contains(stack, "request_test.go") || panics[0].LoggerName != "web.public" || panics[0].Level != zap.ErrorLevel {
			t.Errorf("%v", panics[0])
		}
	})
}

func TestTheAccessLogHasTheRoute(t *testing.T) {
	t.Parallel()
	handler := func(log *zap.Logger) *http.ServeMux {
		mux := http.NewServeMux()
		mux.HandleFunc("/orders/{id}", func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second)
			log.Info("handled")
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, "hello")
		})
		mux.HandleFunc("/livez", ok)
		mux.HandleFunc("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		return mux
	}
	inBubble(t, handler, nil, func(t *testing.T, a *application, client *http.Client) {
		t.Helper()
		for _, path := range []string{"orders/7?token=secret", "livez", "abort", "nowhere"} {
			_, _, _ = post(t.Context(), client, "http://server/"+path, "x")
		}
		synctest.Wait()
		records := a.logs.FilterMessage("request").All()
		if len(records) != 3 {
			t.Fatalf("%v", records)
		}
		for i, want := range []map[string]any{
			{"method": "POST", "path": "/orders/7", "route": "/orders/{id}", "status": int64(202), "bytes": int64(5), "elapsed": time.Second, "aborted": false},
			{"method": "POST", "path": "/abort", "route": "/abort", "status": int64(200), "bytes": int64(0), "elapsed": time.Duration(0), "aborted": true},
			{"method": "POST", "path": "/nowhere", "route": "", "status": int64(404), "bytes": int64(19), "elapsed": time.Duration(0), "aborted": false},
		} {
			if got := records[i].ContextMap(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%v, want %v", got, want)
			}
		}
		if handled := a.logs.FilterMessage("handled").All(); len(handled) != 1 || handled[0].LoggerName != "web.public" {
			t.Errorf("%v", handled)
		}
	})
}

func TestUseWrapsEveryHandler(t *testing.T) {
	t.Parallel()
	inBubble(t, handle(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Context().Value(valueKey{}))
		panic("boom")
	}), []fx.Option{
		web.Use(func(lifetime *hosted.ApplicationLifetime) func(http.Handler) http.Handler {
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if lifetime == nil {
						t.Error("no lifetime")
					}
					w.Header().Set("Trace", "7")
					next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), valueKey{}, "traced")))
				})
			}
		}),
	}, func(t *testing.T, a *application, client *http.Client) {
		t.Helper()
		response, _, err := post(t.Context(), client, "http://server/", "x")
		if err == nil {
			t.Errorf("%v", response)
		}
		if n := a.logs.FilterMessage("request panicked").Len(); n != 1 {
			t.Errorf("%d panics", n)
		}
	})
}

// A span that middleware has begun is that of all that the request leads to.
func TestTheScopeOfARequestHasWhatMiddlewareHasPutIntoItsContext(t *testing.T) {
	t.Parallel()
	type seen struct{ text string }
	inBubble(t, func() http.Handler {
		mux := http.NewServeMux()
		mux.HandleFunc("/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
			s, err := web.Get[*seen](r)
			given, _ := web.Get[*http.Request](r)
			fmt.Fprint(w, s.text, err, given == r)
		})
		return mux
	}, []fx.Option{
		scope.Value[*http.Request](),
		scope.Provide(func(ctx context.Context, r *http.Request) *seen {
			_, within := scope.From(ctx)
			return &seen{fmt.Sprint(ctx.Value(valueKey{}), " ", r.PathValue("id"), " ", within, " ")}
		}),
		fx.Provide(func(f *scope.Factory, log *zap.Logger) *web.Scopes {
			return web.NewScopes(f, log).With(func(r *http.Request) scope.Input { return scope.With(r) })
		}),
		web.Use(func() func(http.Handler) http.Handler {
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), valueKey{}, "traced")))
				})
			}
		}),
	}, func(t *testing.T, _ *application, client *http.Client) {
		t.Helper()
		if _, text, err := post(t.Context(), client, "http://server/orders/7", "x"); text != "traced 7 false <nil> true" || err != nil {
			t.Errorf("%q, %v", text, err)
		}
	})
}

func TestAStreamOutsideOfAServerIsPassedOn(t *testing.T) {
	t.Parallel()
	server := listen(t, web.Stream(http.HandlerFunc(ok)))
	if text, err := get(t.Context(), server, "/"); text != "" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
}

func TestMistakesOfAddServer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		option fx.Option
		want   string
	}{
		"no constructor":    {web.AddServer("other", nil), `web: AddServer("other") at `},
		"no function":       {web.AddServer("other", http.NewServeMux()), "constructor is a *http.ServeMux, want a function that returns an http.Handler"},
		"no handler":        {web.AddServer("other", func() int { return 1 }), "constructor func() int does not return an http.Handler"},
		"nil handler":       {web.AddServer("other", func() http.Handler { return nil }), `web: server "other": its constructor returned a nil handler without an error`},
		"no name":           {web.AddServer("", handle(ok)), "a name has letters, digits, - and _"},
		"a colon":           {web.AddServer("a:b", handle(ok)), "a name has letters, digits, - and _"},
		"nil Defaults":      {web.AddServer("other", handle(ok), web.Defaults(nil)), "Defaults: the function is nil"},
		"nil Configure":     {web.AddServer("other", handle(ok), web.Configure(nil)), "Configure: the function is nil"},
		"nil option":        {web.AddServer("other", handle(ok), nil), "option 1 is nil"},
		"twice":             {web.AddServer("public", handle(ok)), `name="public"`},
		"wrong Defaults":    {web.AddServer("other", handle(ok), web.Defaults(func(s *web.Settings) { s.Limits.KeepAliveTimeout = 0 })), "config: Servers:other:Limits:KeepAliveTimeout: must be more than zero"},
		"wrong service":     {web.AddServer("other", handle(ok), web.Service(hosted.StopTimeout(0))), "hosted.StopTimeout: 0s: must be more than zero"},
		"constructor fails": {web.AddServer("other", func() (http.Handler, error) { return nil, errors.New("no routes") }), "no routes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := build(t, hosted.Options{}, nil, handle(ok), c.option); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

func TestSettingsThatDoNotFitFailTheBuild(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings settings
		want     string
	}{
		"no scheme":       {settings{"Urls": "localhost:8080"}, `config: Servers:public:Urls:0: want http://HOST:PORT, https://HOST:PORT or http://unix:PATH`},
		"another scheme":  {settings{"Urls": "ftp://localhost"}, `config: Servers:public:Urls:0: want http://HOST:PORT`},
		"a path":          {settings{"Urls": "http://localhost:8080/api"}, `an address has no path: that is for the routes of the handler`},
		"a port":          {settings{"Urls": "http://localhost:65536"}, `port "65536": want 0 to 65535`},
		"brackets":        {settings{"Urls": "http://::1"}, `want an IPv6 address in brackets, such as http://[::1]:8080`},
		"no socket":       {settings{"Urls": "http://unix:"}, `want a path after unix:, such as http://unix:/run/app.sock`},
		"second":          {settings{"Urls": []any{"http://localhost", "localhost"}}, `config: Servers:public:Urls:1: "localhost": want http://HOST:PORT`},
		"a duration":      {settings{"Limits:KeepAliveTimeout": "5"}, `config: Servers:public:Limits:KeepAliveTimeout: "5": duration needs a unit, such as "5s"`},
		"no time":         {settings{"Limits:RequestHeadersTimeout": "0s"}, `config: Servers:public:Limits:RequestHeadersTimeout: "0s": must be more than zero`},
		"a size":          {settings{"Limits:MaxRequestBodySize": 5}, `size needs a unit`},
		"large headers":   {settings{"Limits:MaxRequestHeadersTotalSize": "2GiB"}, `must be 1GiB at most`},
		"a rate":          {settings{"Limits:MinRequestBodyDataRate:BytesPerSecond": -1}, `must not be less than zero`},
		"another setting": {settings{"Limits:MaxBodySize": "5MB"}, `config: Servers:public:Limits:MaxBodySize: unknown key`},
		"a protocol":      {settings{"Protocols": "Http3"}, `config: Servers:public:Protocols: "Http3": want Http1, Http2 or Http1AndHttp2`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := build(t, hosted.Options{}, c.settings, handle(ok)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}
