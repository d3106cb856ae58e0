package background

import (
	"context"

	"github.com/fxhost/fxhost/internal/beat"
)

// Beat tells that work goes on, for a service with hosted.StallTimeout. ctx is what
// its StartAsync, ExecuteAsync or Run was given, or made of it. Without that option
// Beat does nothing. It does not allocate, and may be called from any goroutine.
func Beat(ctx context.Context) {
	if w := beat.From(ctx); w != nil {
		w.Beat()
	}
}
