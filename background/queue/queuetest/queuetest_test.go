package queuetest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/fxhost/fxhost/background/queue"
	"github.com/fxhost/fxhost/background/queue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// other is a transport in memory that can what that cannot, and cannot what that
// can, so that every rule is run.
type other struct{ queue.Transport }

const maxBody = 1 << 20

func (o other) Capabilities() queue.Capabilities {
	return queue.Capabilities{
		Engine: "other", MaxBody: maxBody, MinTakeover: 5 * time.Second, DelayGrain: time.Millisecond, Dedup: time.Minute,
	}
}

func (o other) Open(ctx context.Context, spec queue.Spec) (queue.Queue, error) {
	q, err := o.Transport.Open(ctx, spec)
	return &otherQueue{Queue: q, sent: map[string]bool{}}, err
}

type otherQueue struct {
	queue.Queue

	mu   sync.Mutex
	sent map[string]bool
}

func (q *otherQueue) Send(ctx context.Context, batch ...*queue.Envelope) error {
	for _, envelope := range batch {
		if len(envelope.Body) > maxBody {
			return fmt.Errorf("%w: %d bytes", queue.ErrTooLarge, len(envelope.Body))
		}
	}
	for _, envelope := range batch {
		q.mu.Lock()
		known := q.sent[envelope.ID]
		q.sent[envelope.ID] = true
		q.mu.Unlock()
		if known {
			continue
		}
		if err := q.Queue.Send(ctx, envelope); err != nil {
			return err
		}
	}
	return nil
}

// transaction is of nothing but messages.
type transaction struct{ send []func() error }

func (q *otherQueue) SendTx(ctx context.Context, tx any, batch ...*queue.Envelope) error {
	t, ok := tx.(*transaction)
	if !ok {
		return fmt.Errorf("a %T is no transaction", tx)
	}
	t.send = append(t.send, func() error { return q.Send(ctx, batch...) })
	return nil
}

func (t *transaction) commit() (err error) {
	for _, send := range t.send {
		err = errors.Join(err, send())
	}
	return err
}

func TestRulesAreThoseOfTheCapabilities(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, func(t *testing.T, test func(t *testing.T, engine queuetest.Engine)) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			memory := queue.NewMemory(queue.MemoryOptions{})
			test(t, queuetest.Engine{
				Open:    func(*testing.T) queue.Transport { return other{memory.Connect()} },
				Restart: func(*testing.T) {},
				Begin: func(*testing.T) queuetest.Tx {
					tx := &transaction{}
					return queuetest.Tx{Tx: tx, Commit: tx.commit, Rollback: func() error { return nil }}
				},
			})
		})
	})
}
