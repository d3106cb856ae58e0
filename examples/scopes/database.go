package main

import (
	"context"
	"database/sql"

	"go.uber.org/fx"
	_ "modernc.org/sqlite" // a driver without cgo
)

// Options is section Database of the configuration.
type Options struct {
	File string // that holds the database
}

const schema = `
CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS items (order_id TEXT REFERENCES orders (id), name TEXT, count INTEGER);`

// OpenDatabase returns the database, a singleton. Its tables are created when the
// host starts, and it is closed after the services that use it have stopped.
func OpenDatabase(options *Options, lifecycle fx.Lifecycle) (*sql.DB, error) {
	db, err := sql.Open("sqlite", options.File)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer
	lifecycle.Append(fx.StartStopHook(
		func(ctx context.Context) error {
			_, err := db.ExecContext(ctx, schema)
			return err
		},
		db.Close,
	))
	return db, nil
}
