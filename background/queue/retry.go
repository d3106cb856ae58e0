package queue

import (
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/fxhost/fxhost/hosted"
)

// wait is how long to wait after so many attempts.
func (s *settings) wait(attempts int) time.Duration {
	b := backoff.ExponentialBackOff{InitialInterval: s.first, Multiplier: 2, MaxInterval: s.longest}
	const enough = 64 // doublings of a nanosecond are longer than a Duration
	for range min(attempts, enough) - 1 {
		b.NextBackOff()
	}
	wait := b.NextBackOff()
	return wait - time.Duration(s.jitter*rand.Float64()*float64(wait)) // never longer, as in package hosted
}

// tooLong is the cause of a handler's context that Timeout has ended.
func (s *settings) tooLong() error { return &hosted.TimeoutError{Name: "message", Limit: s.timeout} }
