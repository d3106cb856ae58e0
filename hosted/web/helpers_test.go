package web_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
	"github.com/fxhost/fxhost/internal/lifetest"
)

var signal = hosted.StopReason("terminated signal received")

// application has a server called public.
type application struct {
	*lifetest.Application

	server *web.Server
	logs   *observer.ObservedLogs
}

// settings are those of the server called public.
type settings map[string]any

// build makes an application with a server that listens on a port of its own unless
// settings say otherwise.
func build(t *testing.T, o hosted.Options, s settings, handler any, options ...fx.Option) (*application, error) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	a := &application{logs: logs}
	all := settings{"Servers:public:Urls": "http://127.0.0.1:0"}
	for key, value := range s {
		all["Servers:public:"+key] = value
	}
	configuration, err := config.New(config.Map(all))
	if err != nil {
		t.Fatal(err)
	}
	a.Application, err = lifetest.New(zap.New(core), o, fx.Supply(configuration), scope.Module(),
		web.AddServer("public", handler, web.AccessLog("/livez")), fx.Options(options...),
		fx.Populate(fx.Annotate(&a.server, fx.ParamTags(`name:"public"`))))
	return a, err
}

// start is build, and starts the application. It is stopped at the end of the test.
func start(t *testing.T, o hosted.Options, s settings, handler any, options ...fx.Option) *application {
	t.Helper()
	a, err := build(t, o, s, handler, options...)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Stop(context.Background()) })
	return a
}

// handle makes a constructor of a handler.
func handle(f http.HandlerFunc) func() http.Handler { return func() http.Handler { return f } }

func ok(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(w, r.Body)
}

// post sends a body that cannot be sent again, so that the client never retries.
func post(ctx context.Context, client *http.Client, url, body string) (response *http.Response, text string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, struct{ io.Reader }{strings.NewReader(body)})
	if err != nil {
		return nil, "", err
	}
	request.ContentLength = int64(len(body))
	response, err = client.Do(request)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	return response, string(all), err
}

// pipes is a network of its own, which a bubble of synctest can have.
type pipes struct {
	dialed chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{dialed: make(chan net.Conn), closed: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.dialed:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "pipe" }
func (address) String() string  { return "pipe:80" }

var errRefused = errors.New("connection refused")

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	mine, theirs := net.Pipe()
	select {
	case p.dialed <- theirs:
		return mine, nil
	case <-p.closed:
		return nil, errRefused
	}
}

// given has the server listen there.
func (p *pipes) given() fx.Option {
	return fx.Provide(func() web.Listeners {
		return func(string) ([]net.Listener, error) { return []net.Listener{p}, nil }
	})
}

// client is one that has its own connections.
func (p *pipes) client(protocols ...string) *http.Client {
	return newClient(p.dial, protocols...)
}

func newClient(dial func(context.Context, string, string) (net.Conn, error), protocols ...string) *http.Client {
	transport := &http.Transport{DialContext: dial, Protocols: &http.Protocols{}}
	transport.Protocols.SetHTTP1(len(protocols) == 0)
	transport.Protocols.SetUnencryptedHTTP2(len(protocols) > 0)
	return &http.Client{Transport: transport}
}

// raw sends text.
func raw(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Error(err)
	}
}
