// Package poller is the service that the page "Test a service" tests.
package poller

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/hosted"
)

// Mailbox is polled by the poller.
type Mailbox interface {
	Count(ctx context.Context) (int, error)
}

// Poller polls the mailbox once a minute.
type Poller struct {
	background.BackgroundService
	mailbox Mailbox
	log     *zap.Logger
}

// NewPoller is called by fx.
func NewPoller(mailbox Mailbox, log *zap.Logger) *Poller {
	return &Poller{mailbox: mailbox, log: log}
}

// Module adds the poller. The application provides the Mailbox.
func Module() fx.Option {
	return hosted.AddHostedService[*Poller](NewPoller, hosted.Name("poller"))
}

// ExecuteAsync runs until the host stops or the mailbox fails.
func (p *Poller) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(time.Minute)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		count, err := p.mailbox.Count(ctx)
		if err != nil {
			return fmt.Errorf("count: %w", err)
		}
		p.log.Info("mail", zap.Int("count", count))
	}
	return nil
}
