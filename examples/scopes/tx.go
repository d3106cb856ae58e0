package main

import (
	"context"
	"database/sql"
	"errors"
)

// NewTx begins the transaction of a scope, which ends with it: what was not
// committed by then is rolled back. When ctx, that of the scope, ends, so does
// the transaction.
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
