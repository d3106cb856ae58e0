package walk

import "time"

// Stage is how far a participant has come.
type Stage uint16

// The stages, each a bit, so that a [Row] can name several.
const (
	Registered Stage = 1 << iota // nothing was called yet
	Preparing                    // its call in a row before the start goes on
	Prepared                     // that call has returned
	Starting                     // its start goes on
	Failed                       // its start has returned an error
	Released                     // what a failed start had acquired was released
	Running                      // its start has succeeded
	Stopping                     // its stop goes on
	Stopped                      // its stop has returned
)

// Row is one phase in the life of all participants. It is over for everybody
// before the next one begins. All that the walk does is said here: there is one
// loop, and it reads nothing but rows.
type Row struct {
	Name string
	// Backward visits the newest participants first.
	Backward bool
	// FailFast ends the walk at the first error, or when its context ends. Any
	// other row visits everybody.
	FailFast bool
	// Concurrent calls neighbours side by side, see [Participant], layer by layer.
	Concurrent bool
	// AtOnce calls everybody side by side.
	AtOnce bool

	// Needs are the stages of those who take part.
	Needs Stage
	// During, Succeeded and Failed are the stages of a participant while its step
	// goes on and after it; NoStep is that of one that has nothing to do in the row.
	// Zero leaves the stage as it is.
	During, Succeeded, Failed, NoStep Stage

	// LimitName is what the limit of one call is called, and Limit what it is for
	// all participants, zero to leave it to them.
	LimitName string
	Limit     time.Duration

	// Patience is how long a step may take until it is told that it is waited for,
	// again and again with growing gaps. Zero is forever.
	Patience time.Duration

	// Undo is the row for a participant whose call succeeds after it was left
	// behind, and Cleanup that for one whose call fails then, nil for none.
	Undo, Cleanup *Row

	// Begun is closed when the row begins for the first time.
	Begun chan struct{}
}

func (r *Row) hasBegun() bool {
	select {
	case <-r.Begun:
		return true
	default:
		return false
	}
}
