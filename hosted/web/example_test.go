package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/hosted/web"
)

// Cart belongs to one request.
type Cart struct{ customer Customer }

// Customer is who sent the request.
type Customer string

func NewCart(customer Customer) (*Cart, func()) {
	fmt.Println("cart of", customer, "opened")
	return &Cart{customer}, func() { fmt.Println("cart of", customer, "closed") }
}

// Each request has a cart of its own, which is closed behind it.
func ExampleScopes() {
	var scopes *web.Scopes
	app := fx.New(
		fx.NopLogger,
		scope.Module(), // package host has it already
		scope.Value[Customer](),
		scope.Provide(NewCart),
		fx.Provide(zap.NewNop, web.NewScopes),
		fx.Populate(&scopes),
	)
	if err := app.Err(); err != nil {
		fmt.Println(err)
		return
	}
	scopes.With(func(r *http.Request) scope.Input { return scope.With(Customer(r.URL.Query().Get("customer"))) })
	mux := http.NewServeMux()
	mux.HandleFunc("GET /cart", func(_ http.ResponseWriter, r *http.Request) {
		cart, err := web.Get[*Cart](r)
		fmt.Println("handler has the cart of", cart.customer, err)
	})
	handler := scopes.Handler(mux)

	for _, customer := range []string{"ada", "bob"} {
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/cart?customer="+customer, nil)
		handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	// Output:
	// cart of ada opened
	// handler has the cart of ada <nil>
	// cart of ada closed
	// cart of bob opened
	// handler has the cart of bob <nil>
	// cart of bob closed
}

// A request that did not come through the middleware has no scope.
func ExampleGet() {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/", nil)
	_, err := web.Get[*Cart](r)
	fmt.Println(err)
	// Output: web: the request has no scope: serve it with web.AddServer, or put Scopes.Handler in front of its handler
}
