// Command continuous sends the messages of an outbox, one after the other, for as
// long as it runs. It looks again a second after it has found the outbox empty, and
// decides for each failure whether to go on, to drop the message or to give up.
// Stop it with Ctrl-C: the message that is being sent is finished.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
	"github.com/fxhost/fxhost/host"
)

// What may go wrong when a message is sent.
var (
	ErrBusy         = errors.New("receiver is busy")
	ErrMalformed    = errors.New("message is malformed")
	ErrUnauthorized = errors.New("receiver does not know us")
)

// SendOutbox is a job that empties the outbox in each run.
type SendOutbox struct {
	outbox   *Outbox
	receiver Receiver
	log      *zap.Logger
}

func NewSendOutbox(outbox *Outbox, receiver Receiver, log *zap.Logger) *SendOutbox {
	return &SendOutbox{outbox, receiver, log}
}

// Run sends what there is. When ctx has ended, the program stops.
func (s *SendOutbox) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		message, ok := s.outbox.First()
		if !ok {
			return nil // the next run begins after the pause
		}
		// What was begun is finished: the stop waits for it.
		if err := s.receiver.Receive(context.WithoutCancel(ctx), message); err != nil {
			return err
		}
		s.outbox.Remove()
		s.log.Info("sent", zap.String("message", message))
	}
	return nil
}

// OnException decides what a failure of Run leads to.
func (s *SendOutbox) OnException(_ context.Context, err error) background.Decision {
	switch {
	case errors.Is(err, ErrMalformed):
		s.log.Warn("message dropped", zap.Error(err))
		s.outbox.Remove()
		return background.Skip // as if it had gone well
	case errors.Is(err, ErrUnauthorized):
		return background.GiveUp // the host stops, and the program exits with 1
	default:
		return background.GoOn // logged, and tried again after the pause
	}
}

// sender is what the program does.
func sender() fx.Option {
	return background.AddJob[*SendOutbox](NewSendOutbox, background.Continuously(), background.Pause(time.Second))
}

func main() {
	builder := host.NewBuilder(os.Args[1:])
	builder.Add(
		fx.Supply(NewOutbox("hello", "dear customer", "goodbye")),
		fx.Provide(func() Receiver { return &slow{} }),
		sender(),
	)
	os.Exit(host.ExitCode(builder.Run(context.Background())))
}

// Outbox has the messages that are to be sent.
type Outbox struct {
	mu       sync.Mutex
	messages []string
}

func NewOutbox(messages ...string) *Outbox { return &Outbox{messages: messages} }

// First returns the oldest message; false if there is none.
func (o *Outbox) First() (string, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.messages) == 0 {
		return "", false
	}
	return o.messages[0], true
}

// Remove removes the oldest message.
func (o *Outbox) Remove() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.messages = o.messages[1:]
}

// Receiver takes messages.
type Receiver interface {
	Receive(ctx context.Context, message string) error
}

// slow takes its time, and is busy now and then.
type slow struct{ asked int }

func (s *slow) Receive(_ context.Context, message string) error {
	time.Sleep(300 * time.Millisecond)
	if s.asked++; s.asked%3 == 0 {
		return fmt.Errorf("%q: %w", message, ErrBusy)
	}
	return nil
}
