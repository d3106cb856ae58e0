package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted/web"
)

// NewAPI returns the routes. fx calls it with what it takes.
func NewAPI(store *Store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", place)
	mux.HandleFunc("GET /orders", list)
	mux.Handle("GET /orders/live", web.Stream(live(store)))
	mux.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	return mux
}

func place(w http.ResponseWriter, r *http.Request) {
	item, err := io.ReadAll(r.Body)
	if err != nil {
		return // the server answers: it was too large, or too slow
	}
	orders, err := web.Get[*Orders](r)
	if err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = fmt.Fprintln(w, "order", orders.Place(string(item))) // the client may have gone
}

func list(w http.ResponseWriter, r *http.Request) {
	orders, err := web.Get[*Orders](r)
	if err != nil {
		refuse(w, err)
		return
	}
	_ = json.NewEncoder(w).Encode(orders.List())
}

// live sends the number of orders every second, until the client goes or the server
// stops.
func live(store *Store) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		timer := background.NewPeriodicTimer(time.Second)
		defer timer.Stop()
		for timer.WaitForNextTick(r.Context()) {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", store.Count())
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// refuse answers a request whose values could not be made.
func refuse(w http.ResponseWriter, err error) {
	if errors.Is(err, errNoCustomer) {
		http.Error(w, errNoCustomer.Error(), http.StatusBadRequest)
		return
	}
	http.Error(w, "internal error", http.StatusInternalServerError)
}
