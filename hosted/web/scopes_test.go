package web_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

// unit is a scoped value that tells how it was closed.
type unit struct {
	number int64
	closed chan<- closing
	err    error // of Close
}

// closing is one call of a unit's Close.
type closing struct {
	number int64
	ctx    error // of the context that Close was given
	value  any   // that the context has under valueKey
}

type valueKey struct{}

func (u *unit) Close(ctx context.Context) error {
	u.closed <- closing{u.number, ctx.Err(), ctx.Value(valueKey{})}
	return u.err
}

// fixture is an application with units.
type fixture struct {
	scopes *web.Scopes
	closed chan closing // what was closed, up to 1000 of them
	logs   *observer.ObservedLogs
	err    error // of every Close
}

func setup(t *testing.T, options ...fx.Option) *fixture {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	f := &fixture{closed: make(chan closing, 1000), logs: logs}
	var made atomic.Int64
	app := fx.New(
		fx.NopLogger, scope.Module(), fx.Supply(zap.New(core)), fx.Provide(web.NewScopes),
		scope.Provide(func() *unit { return &unit{number: made.Add(1), closed: f.closed, err: f.err} }),
		fx.Options(options...), fx.Populate(&f.scopes),
	)
	if err := app.Err(); err != nil {
		t.Fatal(err)
	}
	return f
}

// serve runs handler, behind the middleware, on a port of its own.
func (f *fixture) serve(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	return listen(t, f.scopes.Handler(handler))
}

func listen(t *testing.T, handler http.Handler) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the panics of handlers
	server.Start()
	t.Cleanup(server.Close)
	return server
}

// get returns the body of a response, and the error of a request that got none.
func get(ctx context.Context, server *httptest.Server, path string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
	if err != nil {
		return "", err
	}
	response, err := server.Client().Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// mustGet is the unit of a request that has a scope.
func mustGet(t *testing.T, r *http.Request) *unit {
	t.Helper()
	u, err := web.Get[*unit](r)
	if err != nil {
		t.Error(err)
		return &unit{closed: make(chan closing, 1)}
	}
	return u
}

func TestOneRequestHasOneScope(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var units []*unit
	server := f.serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		units = append(units, mustGet(t, r), mustGet(t, r))
		if opened, ok := scope.From(r.Context()); ok {
			again, err := scope.Get[*unit](opened)
			if err != nil {
				t.Error(err)
			}
			units = append(units, again)
		}
		if len(f.closed) > 0 && len(units) == 3 {
			t.Error("closed before the handler has returned")
		}
	}))
	for range 2 {
		if _, err := get(t.Context(), server, "/"); err != nil {
			t.Fatal(err)
		}
	}

	if len(units) != 6 {
		t.Fatalf("%d units", len(units))
	}
	if units[0] != units[1] || units[1] != units[2] || units[3] != units[4] {
		t.Error("one request has several units")
	}
	if units[0] == units[3] {
		t.Error("two requests share a unit")
	}
	for i := range 2 {
		if got := <-f.closed; got.number != int64(i+1) || got.ctx != nil {
			t.Errorf("closed %+v as number %d", got, i+1)
		}
	}
	if len(f.closed) != 0 || f.logs.Len() != 0 {
		t.Errorf("%d more closed, records %v", len(f.closed), f.logs.All())
	}
}

func TestAScopeIsClosedAfterAPanicThatGoesOn(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{
		"a string":        "no tenant",
		"an error":        io.ErrUnexpectedEOF,
		"ErrAbortHandler": http.ErrAbortHandler,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			seen := make(chan any, 1)
			handler := f.scopes.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				mustGet(t, r)
				panic(value)
			}))
			server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer func() {
					p := recover()
					seen <- p
					panic(p)
				}()
				handler.ServeHTTP(w, r)
			}))
			if _, err := get(t.Context(), server, "/"); !errors.Is(err, io.EOF) {
				t.Errorf("the client got %v, want a connection that was closed", err)
			}
			if got := <-seen; got != value {
				t.Errorf("panic %v goes on as %v", value, got)
			}
			if got := <-f.closed; got.ctx != nil {
				t.Errorf("closed with a context that has ended: %v", got.ctx)
			}
			if f.logs.Len() != 0 {
				t.Errorf("records %v", f.logs.All())
			}
		})
	}
}

// A client that has gone must not keep a transaction from being rolled back.
func TestAScopeIsClosedOnALivingContextWhenTheClientHasGone(t *testing.T) {
	t.Parallel()
	f := setup(t)
	inside := make(chan struct{})
	ended := make(chan error, 2)
	handler := f.scopes.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mustGet(t, r)
		opened, _ := scope.From(r.Context())
		close(inside)
		<-r.Context().Done()
		ended <- r.Context().Err()
		ended <- opened.Context().Err()
	}))
	server := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), valueKey{}, "trace 7")))
	}))

	ctx, leave := context.WithCancel(t.Context())
	go func() {
		<-inside
		leave()
	}()
	if _, err := get(ctx, server, "/"); !errors.Is(err, context.Canceled) {
		t.Errorf("the client got %v", err)
	}

	if got := <-f.closed; got.ctx != nil || got.value != "trace 7" {
		t.Errorf("closed with %+v, want the values of the request's context and no end", got)
	}
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the context of the request and of its scope: %v", err)
		}
	}
}

func TestAnErrorOfCloseIsLoggedOnce(t *testing.T) {
	t.Parallel()
	errBroken := errors.New("connection is broken")
	for name, handler := range map[string]http.HandlerFunc{
		"after a response": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "done") },
		"after a panic":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.err = errBroken
			server := f.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mustGet(t, r)
				handler(w, r)
			}))
			body, err := get(t.Context(), server, "/orders/7?token=secret")
			if (body != "done") != strings.Contains(name, "panic") {
				t.Errorf("the client got %q, %v", body, err)
			}
			server.Close() // waits for the handler

			records := f.logs.All()
			if len(records) != 1 {
				t.Fatalf("records %v, want one", records)
			}
			fields := records[0].ContextMap()
			if records[0].Message != "request scope failed to close" || records[0].Level != zap.ErrorLevel ||
				records[0].LoggerName != "web.Scopes" || fields["path"] != "/orders/7" || len(fields) != 2 {
				t.Errorf("record %v with %v", records[0], fields)
			}
			if text, _ := fields["error"].(string); !strings.HasSuffix(text, ": connection is broken") {
				t.Errorf("error %q", text)
			}
		})
	}
}

func TestWithGivesTheScopeItsInputs(t *testing.T) {
	t.Parallel()
	type tenant string
	f := setup(t, scope.Value[*http.Request](), scope.Value[tenant]())
	f.scopes.
		With(func(r *http.Request) scope.Input { return scope.With(r) }).
		With(func(r *http.Request) scope.Input { return scope.With(tenant(r.Header.Get("X-Tenant"))) })
	handler := f.scopes.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		given, err := web.Get[*http.Request](r)
		if err != nil || given != r {
			t.Errorf("got the request %p, %v, want that of the handler, %p", given, err, r)
		}
		if got, err := web.Get[tenant](r); err != nil || got != "acme" {
			t.Errorf("got the tenant %q, %v", got, err)
		}
	}))
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	request.Header.Set("X-Tenant", "acme")
	before := *request
	handler.ServeHTTP(httptest.NewRecorder(), request)
	if request.Context() != before.Context() {
		t.Error("the caller's request was changed")
	}
}

// A request that the scope was given has what the router finds later.
func TestWithServeMuxThePathIsInTheRequestOfTheScope(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(*web.Scopes, string, http.Handler) http.Handler{
		"around the mux": func(scopes *web.Scopes, pattern string, handler http.Handler) http.Handler {
			mux := http.NewServeMux()
			mux.Handle(pattern, handler)
			return scopes.Handler(mux)
		},
		"behind the mux": func(scopes *web.Scopes, pattern string, handler http.Handler) http.Handler {
			mux := http.NewServeMux()
			mux.Handle(pattern, scopes.Handler(handler))
			return mux
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t, scope.Value[*http.Request]())
			f.scopes.With(func(r *http.Request) scope.Input { return scope.With(r) })
			server := listen(t, wrap(f.scopes, "GET /orders/{id}", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mustGet(t, r)
				given, err := web.Get[*http.Request](r)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.WriteString(w, given.PathValue("id")+" "+given.Pattern)
			})))
			if body, err := get(t.Context(), server, "/orders/7"); err != nil || body != "7 GET /orders/{id}" {
				t.Errorf("got %q, %v", body, err)
			}
			if got := <-f.closed; got.ctx != nil {
				t.Error(got.ctx)
			}
		})
	}
}

func TestARequestWithoutTheMiddlewareHasNoScope(t *testing.T) {
	t.Parallel()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if u, err := web.Get[*unit](request); !errors.Is(err, web.ErrNoScope) || u != nil {
		t.Errorf("got %v, %v", u, err)
	}
}

func TestGetSaysWhatIsUnknown(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.scopes.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := web.Get[*strings.Builder](r); err == nil || !strings.Contains(err.Error(), "*strings.Builder is unknown") {
			t.Errorf("got %v", err)
		}
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
}

func TestAnInputThatNobodyDeclaredIsTheErrorOfGet(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.scopes.With(func(*http.Request) scope.Input { return scope.With(7) })
	f.scopes.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := web.Get[*unit](r); err == nil || !strings.Contains(err.Error(), "add scope.Value[int]()") {
			t.Errorf("got %v", err)
		}
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
}

// A goroutine that outlives its handler gets an error, and makes nothing that
// nobody would close.
func TestAGoroutineThatOutlivesTheHandlerGetsErrClosed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	returned, got := make(chan struct{}), make(chan error)
	server := f.serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		go func() {
			<-returned
			_, err := web.Get[*unit](r)
			got <- err
		}()
	}))
	if _, err := get(t.Context(), server, "/"); err != nil {
		t.Fatal(err)
	}
	server.Close()
	close(returned)
	if err := <-got; !errors.Is(err, scope.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if len(f.closed) != 0 {
		t.Error("something was made and closed")
	}
}

func TestManyRequestsAtOnceHaveScopesOfTheirOwn(t *testing.T) {
	t.Parallel()
	const clients, requests = 8, 50
	f := setup(t, scope.Value[*http.Request]())
	f.scopes.With(func(r *http.Request) scope.Input { return scope.With(r) })
	var seen sync.Map // *unit to *http.Request
	server := f.serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var side sync.WaitGroup
		units := make([]*unit, 4)
		for i := range units { // several goroutines of one request
			side.Go(func() { units[i] = mustGet(t, r) })
		}
		side.Wait()
		for _, u := range units {
			if u != units[0] {
				t.Error("one request has several units")
			}
		}
		if _, shared := seen.LoadOrStore(units[0], r); shared {
			t.Error("two requests share a unit")
		}
		if given, err := web.Get[*http.Request](r); err != nil || given != r {
			t.Errorf("another request: %v", err)
		}
	}))
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for range requests {
				if _, err := get(t.Context(), server, "/"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	server.Close()

	closed := map[int64]bool{}
	for range len(f.closed) {
		one := <-f.closed
		if closed[one.number] || one.ctx != nil {
			t.Errorf("closed again, or late: %+v", one)
		}
		closed[one.number] = true
	}
	if len(closed) != clients*requests || f.logs.Len() != 0 {
		t.Errorf("%d were closed, want %d; records %v", len(closed), clients*requests, f.logs.All())
	}
}
