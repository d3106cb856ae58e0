package main

import (
	"context"
	"database/sql"
	"errors"
)

// NewTx begins the transaction of a scope. When the scope is closed, the
// transaction is rolled back unless it was committed. It is also rolled back when
// ctx, the context of the scope, ends.
func NewTx(ctx context.Context, db *sql.DB) (*sql.Tx, func() error, error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, nil, err
	}
	return tx, func() error {
		if err := tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
			return err
		}
		return nil // committed, or rolled back with ctx
	}, nil
}
