package hosted

import (
	"errors"
	"fmt"
	"math"
	"time"
)

const (
	// DefaultShutdownTimeout is the default of [Options].ShutdownTimeout.
	DefaultShutdownTimeout = 30 * time.Second
	// NoLimit as a ShutdownTimeout leaves a stop bounded by its context alone.
	NoLimit time.Duration = math.MaxInt64
)

// Options of [Module]. The zero value has the defaults.
type Options struct {
	// StartupTimeout bounds the whole start. Zero means no limit.
	StartupTimeout time.Duration
	// ShutdownTimeout bounds the whole stop, and the rollback of a failed start; all
	// services share it. Services that overrun are named in the error and left
	// behind. Zero means [DefaultShutdownTimeout]; [NoLimit] is for a program whose
	// supervisor sets the limit.
	ShutdownTimeout time.Duration
	// DrainDelay is how long the services keep working after a stop was requested
	// from outside, such as by a signal, so that their clients can notice; see
	// [DrainingService]. It is not part of the ShutdownTimeout. A second request to
	// stop cuts it short. Zero means none.
	DrainDelay time.Duration
	// ServicesStartConcurrently runs the services of each starting phase side by
	// side. Hooks of fx.Lifecycle keep their order: see the package comment.
	ServicesStartConcurrently bool
	// ServicesStopConcurrently does the same for the stopping phases.
	ServicesStopConcurrently bool
	// StopWhenDone stops the host when the work of every [Awaiter] has ended, except
	// that of an [EndlessService]. A host that has no work to wait for keeps running.
	// See [ErrUnfinished] for work that is cut short.
	StopWhenDone bool
}

// Validate returns an error for each limit that is less than zero. [Module] calls
// it, too.
func (o Options) Validate() error {
	var errs []error
	for _, limit := range []struct {
		name  string
		value time.Duration
	}{
		{"StartupTimeout", o.StartupTimeout}, {"ShutdownTimeout", o.ShutdownTimeout}, {"DrainDelay", o.DrainDelay},
	} {
		if limit.value < 0 {
			errs = append(errs, fmt.Errorf("host: Options.%s: %v: must not be less than zero", limit.name, limit.value))
		}
	}
	return errors.Join(errs...)
}
