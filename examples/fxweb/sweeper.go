package main

import (
	"context"
	"maps"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
)

// Visits counts visits by name.
type Visits struct {
	mu     sync.Mutex
	counts map[string]int
}

// NewVisits returns an empty count.
func NewVisits() *Visits { return &Visits{counts: map[string]int{}} }

// Add counts one visit.
func (v *Visits) Add(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.counts[name]++
}

// Take returns the counts and resets them.
func (v *Visits) Take() map[string]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	counts := maps.Clone(v.counts)
	clear(v.counts)
	return counts
}

// Sweeper is the new background service. It logs the visits every ten seconds and
// once more when it stops. It stops before the server, so requests that arrive
// after that are not counted.
type Sweeper struct {
	background.BackgroundService
	log    *zap.Logger
	visits *Visits
}

// NewSweeper is called by fx; log is named after the Sweeper.
func NewSweeper(log *zap.Logger, visits *Visits) *Sweeper {
	return &Sweeper{log: log, visits: visits}
}

// ExecuteAsync runs until the application stops.
func (s *Sweeper) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(10 * time.Second)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		s.sweep()
	}
	s.sweep()
	return nil
}

func (s *Sweeper) sweep() {
	for name, count := range s.visits.Take() {
		s.log.Info("visited", zap.String("name", name), zap.Int("times", count))
	}
}
