package main

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted/scope"
)

var errFull = errors.New("disk full")

func TestAnOrderFailsWithoutATransaction(t *testing.T) {
	t.Parallel()
	var scopes *scope.Factory
	hosttest.Start(t, nil, orders(filepath.Join(t.TempDir(), "orders.db")), fx.Provide(NewWarehouse),
		scope.Replace(func() (*sql.Tx, error) { return nil, errFull }), fx.Populate(&scopes))

	err := scope.Do(t.Context(), scopes, func(ctx context.Context, handler *Handler) error {
		return handler.Handle(ctx)
	}, scope.With(Order{ID: "7"}))
	if !errors.Is(err, errFull) {
		t.Errorf("error %v, want %v", err, errFull)
	}
}
