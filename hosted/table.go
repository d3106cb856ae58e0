package hosted

import (
	"time"

	"github.com/fxhost/fxhost/internal/walk"
)

// The phases of a [ServiceError], and of log records.
const (
	PhaseStarting = "starting"
	PhaseStart    = "start"
	PhaseStarted  = "started"
	PhaseRun      = "run" // a fault, see [OnFault]
	PhaseDraining = "draining"
	PhaseStopping = "stopping"
	PhaseStop     = "stop"
	PhaseStopped  = "stopped"
)

// cleanupLimit bounds the StopAsync of a service whose StartAsync failed.
const cleanupLimit = time.Second

// patience is after how long a method that has not returned is logged.
const patience = 10 * time.Second

// table is the life of a host: all that the walk does is in its rows.
type table struct {
	starting, start, started, applicationStarted                                        *walk.Row
	draining, stopping, applicationStopping, cleanup, stop, stopped, applicationStopped *walk.Row
}

func newTable(o Options) table {
	const (
		everybody = ^walk.Stage(0)
		again     = walk.Failed | walk.Released | walk.Stopped // in a restart
		called    = walk.Prepared | walk.Running | again       // and returned
	)
	row := func(name string, r walk.Row) *walk.Row {
		r.Name = name
		r.Begun = make(chan struct{})
		if name != PhaseDraining { // which takes its time
			r.Patience = patience
		}
		return &r
	}
	stop := row(PhaseStop, walk.Row{
		Backward: true, Concurrent: o.ServicesStopConcurrently, Needs: walk.Running, LimitName: "stop",
		During: walk.Stopping, Succeeded: walk.Stopped, Failed: walk.Stopped, NoStep: walk.Stopped,
	})
	// The service whose start has failed is the newest.
	cleanup := row(PhaseStop, walk.Row{
		Backward: true, Concurrent: o.ServicesStopConcurrently, Needs: walk.Failed,
		During:    walk.Released,
		LimitName: "cleanup", Limit: cleanupLimit,
	})
	return table{
		starting: row(PhaseStarting, walk.Row{
			FailFast: true, Concurrent: o.ServicesStartConcurrently, Needs: walk.Registered,
			During: walk.Preparing, Succeeded: walk.Prepared, Failed: walk.Prepared,
		}),
		start: row(PhaseStart, walk.Row{
			FailFast: true, Concurrent: o.ServicesStartConcurrently, Needs: walk.Registered | walk.Prepared | again, LimitName: "start",
			During: walk.Starting, Succeeded: walk.Running, Failed: walk.Failed, NoStep: walk.Running, Undo: stop, Cleanup: cleanup,
		}),
		started: row(PhaseStarted, walk.Row{
			FailFast: true, Concurrent: o.ServicesStartConcurrently, Needs: walk.Running,
		}),
		applicationStarted: row("application started", walk.Row{Needs: everybody}),

		draining: row(PhaseDraining, walk.Row{AtOnce: true, Needs: walk.Running}),
		stopping: row(PhaseStopping, walk.Row{
			Backward: true, Concurrent: o.ServicesStopConcurrently, Needs: walk.Running,
		}),
		applicationStopping: row("application stopping", walk.Row{Needs: everybody}),
		cleanup:             cleanup,
		stop:                stop,
		stopped: row(PhaseStopped, walk.Row{
			Backward: true, Concurrent: o.ServicesStopConcurrently, Needs: called,
		}),
		applicationStopped: row("application stopped", walk.Row{Needs: everybody}),
	}
}
