package background

import (
	"context"

	"github.com/fxhost/fxhost/internal/beat"
)

// Beat reports that a service with hosted.StallTimeout makes progress. ctx is the
// context of its StartAsync, ExecuteAsync or Run, or derived from it. Without that
// option, Beat does nothing. It may be called from any goroutine.
func Beat(ctx context.Context) {
	if w := beat.From(ctx); w != nil {
		w.Beat()
	}
}
