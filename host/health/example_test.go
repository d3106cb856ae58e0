package health_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/health"
	"github.com/fxhost/fxhost/logging"
)

func newMux(h *health.Health) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("/readyz", h.Handler(health.Ready))
	return mux
}

// A probe on a server of the program itself.
func ExampleHealth_Handler() {
	var mux *http.ServeMux
	app, err := newApp(health.Use(), fx.Provide(newMux), fx.Populate(&mux))
	if err != nil {
		fmt.Println(err)
		return
	}
	ask := func() {
		answer := httptest.NewRecorder()
		mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		fmt.Println(answer.Code, answer.Body)
	}
	ask()
	_ = app.Start(context.Background())
	ask()
	app.ApplicationLifetime().StopApplication(nil)
	ask()
	_ = app.Stop(context.Background())
	// Output:
	// 503 not ready: starting
	// 200 ok
	// 503 not ready: stopping
}

// What all replicas share degrades; what belongs to this process decides.
func ExampleTags() {
	var h *health.Health
	checked := make(chan struct{})
	app, err := newApp(health.Use(), fx.Populate(&h),
		health.AddCheckFunc("database", func(context.Context) error { return errors.New("no route to host") }),
		health.AddCheckFunc("cache", func(context.Context) error {
			defer close(checked)
			return errors.New("empty")
		}, health.Tags(health.Ready)),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = app.Start(context.Background())
	<-checked
	fmt.Println(h.Live() == nil, h.Ready() == nil)
	_ = app.Stop(context.Background())
	// Output: true false
}

// newApp is a host that logs nothing.
func newApp(options ...fx.Option) (*host.Host, error) {
	builder := host.NewEmptyBuilder()
	builder.Logging = &logging.Settings{Output: discard{}}
	builder.UseLifetime(nil)
	builder.Add(options...)
	return builder.Build()
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Sync() error                 { return nil }
