// Command worker is the sample worker: it takes orders out of a spool folder and
// writes each of them once into a ledger.
//
// A producer puts an order, see [Order], as a file *.json into the spool folder,
// best under a name that ends in .tmp, renamed when it is complete. The worker
// appends what is valid to the ledger, a file with one JSON object per line, and
// moves the input to done; what is not it moves to failed, with the reason in a
// file beside it. A summary of what was done since the start is logged and
// written to a file.
//
// # Nothing lost, nothing doubled
//
// Killed at any moment and started again, the worker has every order in the
// ledger exactly once. An input goes one way, each step on disk before the next:
//
//  1. renamed from spool to spool/work: nobody but this worker touches it now
//  2. its record appended to the ledger in one write, and flushed
//  3. moved to spool/done or, without step 2, to spool/failed
//
// At the start the worker reads the ledger, cuts off a record that was not
// written to its end, and takes up what lies in work. An order whose record is
// there with the same content only goes to done; another order with its id goes
// to failed. Two workers never share a ledger or a spool folder: both are locked.
//
// A ledger that cannot be written, or a folder that is gone, is a fault: the
// worker stops with exit code 1 and leaves the inputs where they are.
package main

import (
	"context"
	"os"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(services())
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

// services are started in this order and stopped in the reverse one: the watcher
// finishes what it has in hand, the summary counts that, the ledger is closed.
func services() fx.Option {
	return fx.Options(
		fx.Provide(NewOptions, NewTally),
		hosted.AddHostedService[*Ledger](NewLedger, hosted.Name("ledger")),
		hosted.AddHostedService[*Summary](NewSummary, hosted.Name("summary")),
		hosted.AddHostedService[*Watcher](NewWatcher, hosted.Name("watcher")),
	)
}
