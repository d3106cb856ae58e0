package main

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxhost/fxhost/host/hosttest"
)

// The test binary is also the program, so that a test meets a real signal and
// exit code.
const asProgram = "TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

// warehouse is a Warehouse of one function.
type warehouse func(ctx context.Context, item Item) error

func (w warehouse) Reserve(ctx context.Context, item Item) error { return w(ctx, item) }

// fixture is a host with the worker, whose database is looked at from outside.
type fixture struct {
	*hosttest.Host
	queue *Queue
	file  string
	last  chan struct{} // closed when the item "last" is reached
}

// setup starts the host. What the warehouse does with an item is in its name.
func setup(t *testing.T, reserve map[string]warehouse) *fixture {
	t.Helper()
	f := &fixture{file: filepath.Join(t.TempDir(), "orders.db"), last: make(chan struct{})}
	f.Host = hosttest.Start(t, nil, orders(f.file), fx.Populate(&f.queue),
		fx.Provide(func() Warehouse {
			return warehouse(func(ctx context.Context, item Item) error {
				if item.Name == "last" {
					close(f.last)
					<-ctx.Done()
					return context.Cause(ctx)
				}
				if do := reserve[item.Name]; do != nil {
					return do(ctx, item)
				}
				return nil
			})
		}))
	return f
}

// send adds an order of the items, one of each.
func (f *fixture) send(t *testing.T, id string, items ...string) {
	t.Helper()
	order := Order{ID: id}
	for _, name := range items {
		order.Items = append(order.Items, Item{Name: name, Count: 1})
	}
	if err := f.queue.Send(t.Context(), order); err != nil {
		t.Fatal(err)
	}
}

// finish stops the host when all orders that were sent have been handled or have
// failed: it sends one more, which the stop interrupts.
func (f *fixture) finish(t *testing.T) {
	t.Helper()
	f.send(t, "the last", "last")
	<-f.last
	if err := f.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// rows counts what is in the file: orders, items.
func (f *fixture) rows(t *testing.T) [2]int {
	t.Helper()
	db, err := sql.Open("sqlite", f.file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var counts [2]int
	const count = `SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM items)`
	if err := db.QueryRowContext(t.Context(), count).Scan(&counts[0], &counts[1]); err != nil {
		t.Fatal(err)
	}
	return counts
}
