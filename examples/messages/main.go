// Command messages sends invoices as messages: each is handled in a scope of its
// own, tried again if that fails, and a dead letter in the end. It ends by itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/hosted"
)

// SendInvoice is a message: a plain struct that can be written as JSON.
type SendInvoice struct {
	Customer string
	Amount   int
}

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(
		fx.Provide(NewAddresses),
		queue.Handle[SendInvoice](NewSendInvoiceHandler,
			queue.Concurrency(2), queue.Attempts(3), queue.Backoff(100*time.Millisecond, time.Second)),
		hosted.AddHostedService[*Shop](NewShop, hosted.Name("shop")),
	)
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

// SendInvoiceHandler handles one message; what it takes may be scoped, too.
type SendInvoiceHandler struct {
	addresses *Addresses
	log       *zap.Logger
}

func NewSendInvoiceHandler(addresses *Addresses, log *zap.Logger) *SendInvoiceHandler {
	return &SendInvoiceHandler{addresses, log}
}

func (h *SendInvoiceHandler) Handle(ctx context.Context, m SendInvoice) error {
	address, err := h.addresses.Find(m.Customer)
	if err != nil {
		return queue.Permanent(err) // to try again would not help
	}
	message, _ := queue.From(ctx)
	if m.Customer == "Charles" && message.Attempt == 1 {
		return errors.New("mail server is busy") // this will be tried again
	}
	h.log.Info("invoice sent", zap.String("to", address), zap.Int("amount", m.Amount), zap.Int("attempt", message.Attempt))
	return nil
}

// Shop sends messages, and sees to the dead letters.
type Shop struct {
	background.BackgroundService
	invoices  queue.Sender[SendInvoice]
	queues    *queue.Queues
	addresses *Addresses
	lifetime  *hosted.ApplicationLifetime
	log       *zap.Logger
}

func NewShop(
	invoices queue.Sender[SendInvoice], queues *queue.Queues, addresses *Addresses, lifetime *hosted.ApplicationLifetime, log *zap.Logger,
) *Shop {
	return &Shop{invoices: invoices, queues: queues, addresses: addresses, lifetime: lifetime, log: log}
}

func (s *Shop) ExecuteAsync(ctx context.Context) error {
	err := s.invoices.SendAll(ctx, []SendInvoice{{"Ada", 100}, {"Charles", 200}, {"Grace", 300}})
	if err != nil {
		return err
	}
	if err := s.waitFor(ctx, 2); err != nil { // Grace has no address
		return err
	}
	for letter, err := range s.queues.DeadLetters(ctx, "SendInvoice", queue.DeadLetterFilter{}) {
		if err != nil {
			return err
		}
		s.log.Warn("dead letter", zap.String("reason", letter.Reason), zap.ByteString("body", letter.Message.Body))
		s.addresses.Add("Grace", "grace@example.com") // what was wrong is mended
		if _, err := s.queues.Resend(ctx, "SendInvoice", letter.ID); err != nil {
			return err
		}
	}
	if err := s.waitFor(ctx, 3); err != nil {
		return err
	}
	s.lifetime.StopApplication(hosted.StopReason("all invoices are sent"))
	return nil
}

// waitFor waits until so many invoices are sent and nothing else is on its way.
func (s *Shop) waitFor(ctx context.Context, sent uint64) error {
	timer := background.NewPeriodicTimer(50 * time.Millisecond)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		status := s.queues.List(ctx)[0]
		if on := status.Stats; status.Succeeded == sent && on.Ready+on.InFlight+on.Delayed == 0 {
			return nil
		}
	}
	return fmt.Errorf("waiting for invoices: %w", context.Cause(ctx))
}
