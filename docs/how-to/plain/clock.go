// Package plain is the service of the page "Write a service without embedding".
package plain

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
)

var (
	_ hosted.HostedService = (*Clock)(nil)
	_ hosted.Awaiter       = (*Clock)(nil)
)

// Clock logs the time every minute.
type Clock struct {
	log    *zap.Logger
	cancel context.CancelFunc
	done   chan struct{} // closed when run has returned
	err    error         // of run
}

// NewClock returns a clock that has not started.
func NewClock(log *zap.Logger) *Clock { return &Clock{log: log, done: make(chan struct{})} }

// StartAsync starts the loop. ctx ends when the start is over, so the loop gets a
// context of its own.
func (c *Clock) StartAsync(ctx context.Context) error {
	ctx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(c.done)
		c.err = c.run(ctx)
	}()
	return nil
}

// StopAsync ends the loop and waits for it, at most until ctx ends.
func (c *Clock) StopAsync(ctx context.Context) error {
	c.cancel()
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Done is closed when the loop has ended.
func (c *Clock) Done() <-chan struct{} { return c.done }

// Err returns the error of the loop after Done is closed.
func (c *Clock) Err() error { return c.err }

func (c *Clock) run(ctx context.Context) error {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		select {
		case now := <-ticker.C:
			c.log.Info("clock", zap.Time("now", now))
		case <-ctx.Done():
			return nil
		}
	}
}
