package web

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/ctor"
	"github.com/fxhost/fxhost/internal/outline"
	"github.com/fxhost/fxhost/internal/sockets"
	"github.com/fxhost/fxhost/internal/startup"
)

// AddServer registers an http.Server as a hosted service with the name web.NAME
// (ASP.NET Core: WebApplication, with Kestrel). constructor is called by fx and
// returns an http.Handler, and may return an error. The handler is for this server only,
// and is not injectable. A *zap.Logger that the constructor takes is named after the server.
//
// The server starts after everything else and stops before it. StartAsync returns
// when it listens on all addresses of its [Settings], which are read from section
// Servers:NAME of the configuration, if the application has one. A server that cannot
// go on is a fault, see hosted.OnFault.
//
// # The stop
//
// If the host drains (hosted.Options.DrainDelay), each response has the header
// Connection: close from the moment when the stop is requested, or a GOAWAY of
// HTTP/2 behind it, and the server goes on serving. Idle connections stay open:
// closing one cuts off a request that is on its way. After the drain, or at once if
// there is none:
//
//  1. The server accepts no more connections. The contexts of requests of a [Stream],
//     and of connections that were hijacked, end with the cause [ErrStopping].
//  2. It waits up to 250 ms for connections to go by themselves, and closes those
//     that are idle.
//  3. It waits for requests to be answered, and for hijacked connections to be closed.
//     One second before the end of the shutdown budget, or at half of a shorter one,
//     the contexts of all requests end, with the same cause.
//  4. At the end of the budget it closes what is left. The error says how many
//     requests and hijacked connections were cut off.
//
// # Each request
//
// If the application has scope.Module, or is built by package host, each request has
// a scope, see [Get]. A panic of the handler is logged, and answered with 500 unless the
// response has begun. A panic with http.ErrAbortHandler is left to net/http.
func AddServer(name string, constructor any, options ...Option) fx.Option {
	place := caller.Here()
	d := declared{name: name, service: []hosted.ServiceOption{}}
	var errs []error
	for i, option := range options {
		if option == nil {
			errs = append(errs, fmt.Errorf("option %d is nil", i+1))
			continue
		}
		option.apply(&d)
	}
	if !validName.MatchString(name) {
		errs = append(errs, errors.New("a name has letters, digits, - and _"))
	}
	takesHandler, err := takes(constructor)
	if err := errors.Join(append(errs, d.err, err)...); err != nil {
		return fx.Error(fmt.Errorf("web: AddServer(%q) at %v: %w", name, place, err))
	}
	tag := fmt.Sprintf("name:%q", name)
	return fx.Module("web."+name,
		ctor.Decorate("web."+name),
		outline.DeclarePort(d.port()),
		outline.DeclareSection(outline.Section{
			Name:  d.section(),
			Claim: func(any) {},
			Check: func(manager any) error {
				configuration, _ := manager.(*config.Manager)
				return d.read(settingsParams{Configuration: configuration}).err
			},
		}),
		fx.Provide(constructor, takesHandler, fx.Private),
		fx.Provide(d.read, fx.Private),
		fx.Provide(func(c checked) startup.Result {
			return startup.Result{Check: startup.Check{Name: d.section(), Err: c.err}}
		}),
		fx.Provide(fx.Annotate(d.server, fx.ResultTags(tag))),
		fx.Provide(fx.Annotate(func(s *Server) *Server { return s }, fx.ParamTags(tag)), fx.Private),
		hosted.AddHostedService[*Server](nil, append(d.service, hosted.Name("web."+name), hosted.Last())...),
	)
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// handler is the http.Handler of one server, whatever its constructor returns.
type handler struct{ http.Handler }

// takes returns a function that makes a handler of what constructor returns.
func takes(constructor any) (any, error) {
	t := reflect.TypeOf(constructor)
	want := reflect.TypeFor[http.Handler]()
	switch {
	case t == reflect.TypeOf(fx.Annotate(nil)):
		return func(h http.Handler) handler { return handler{h} }, nil
	case t == nil || t.Kind() != reflect.Func:
		return nil, fmt.Errorf("constructor is a %T, want a function that returns an http.Handler", constructor)
	case t.NumOut() == 0 || !t.Out(0).Implements(want):
		return nil, fmt.Errorf("constructor %v does not return an http.Handler", t)
	}
	return reflect.MakeFunc(reflect.FuncOf([]reflect.Type{t.Out(0)}, []reflect.Type{reflect.TypeFor[handler]()}, false),
		func(args []reflect.Value) []reflect.Value {
			h, _ := reflect.TypeAssert[http.Handler](args[0]) // nil if it is
			return []reflect.Value{reflect.ValueOf(handler{h})}
		}).Interface(), nil
}

// serverParams are what a server takes from fx.
type serverParams struct {
	fx.In

	Log           *zap.Logger                       `optional:"true"`
	Configuration *config.Manager                   `optional:"true"`
	Listeners     Listeners                         `optional:"true"`
	Middleware    []func(http.Handler) http.Handler `group:"fxhost.web.middleware"`
	Scopes        *Scopes                           `optional:"true"`
	Factory       *scope.Factory                    `optional:"true"`
}

// Listeners is a func(server string) ([]net.Listener, error). It returns the listeners
// that the program was given for a server, or none. Provide it to fx, as systemd.Use
// does. A server with listeners uses them instead of the addresses in its Urls. Each one
// has the scheme of the address at the same place; further ones have that of the last
// address.
type Listeners = sockets.Listeners

// Use adds middleware to all servers. constructor is called by fx and returns a
// func(http.Handler) http.Handler. The handler that it wraps recovers the panics of the
// server's handler, and has closed the scope of the request when it returns. The order of
// several is not defined; for an order, put them into one.
func Use(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.ResultTags(`group:"fxhost.web.middleware"`)))
}
