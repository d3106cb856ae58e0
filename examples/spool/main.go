// Command spool takes orders out of a spool folder and writes each of them once
// into a ledger. It shows how a worker survives being killed at any moment; for a
// first look at fxhost, see cmd/worker. In its folder:
//
//	mkdir -p data/spool && cp samples/*.json data/spool && go run .
//
// A producer puts an order, see [Order], as a file *.json into the spool folder,
// preferably under a name that ends in .tmp, and renames it when it is complete.
// The worker appends valid orders to the ledger, a file with one JSON object per
// line, and moves their files to done. It moves invalid files to failed, with the
// reason in a second file. It logs a summary and writes it to a file.
//
// # Nothing lost, nothing doubled
//
// The worker can be killed at any moment and started again: the ledger contains
// every order exactly once. Each input goes through these steps, each of which is
// on disk before the next one begins:
//
//  1. It is renamed from spool to spool/work, where only this worker touches it.
//  2. Its record is appended to the ledger in one write, and flushed.
//  3. It is moved to spool/done or, without step 2, to spool/failed.
//
// When it starts, the worker reads the ledger, cuts off an incomplete record, and
// continues with the inputs in work. If the ledger has an order with the same
// content, the input is moved to done. If it has another order with the same id,
// the input is moved to failed. The ledger and the spool folder are locked, so two
// workers cannot share them.
//
// If the ledger cannot be written, or a folder has been removed, this is a fault:
// the worker stops with exit code 1 and leaves the inputs where they are.
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
	builder.Add(services(builder.Environment))
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

// services start in this order and stop in the reverse order: the watcher finishes
// the inputs in progress, the summary counts them, and the ledger is closed.
func services(env *host.Environment) fx.Option {
	return fx.Options(
		configure(env),
		fx.Provide(NewTally),
		hosted.AddHostedService[*Ledger](NewLedger, hosted.Name("ledger")),
		hosted.AddHostedService[*Summary](NewSummary, hosted.Name("summary")),
		hosted.AddHostedService[*Watcher](NewWatcher, hosted.Name("watcher")),
	)
}
