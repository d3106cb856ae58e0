package main

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/host/hosttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver takes a second for each message, and answers the next of its errors.
type receiver struct {
	answers  []error
	received []string
}

func (r *receiver) Receive(_ context.Context, message string) error {
	time.Sleep(time.Second)
	if len(r.answers) > 0 {
		err := r.answers[0]
		if r.answers = r.answers[1:]; err != nil {
			return err
		}
	}
	r.received = append(r.received, message)
	return nil
}

func start(t *testing.T, r *receiver, messages ...string) *hosttest.Host {
	t.Helper()
	return hosttest.Start(t, nil, fx.Supply(NewOutbox(messages...)), fx.Provide(func() Receiver { return r }), sender())
}

func TestAMessageIsSentAgainOrDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answers: []error{nil, ErrBusy, nil, ErrMalformed, nil}}
		h := start(t, r, "1", "2", "bad", "3")
		time.Sleep(time.Minute)
		synctest.Wait()
		if want := []string{"1", "2", "3"}; !slices.Equal(r.received, want) {
			t.Errorf("received %q, want %q", r.received, want)
		}
		if n := h.Logs.FilterMessage("job run failed").Len(); n != 1 {
			t.Errorf("%d failures", n)
		}
	})
}

func TestTheJobGivesUpIfTheReceiverDoesNotKnowIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{answers: []error{ErrUnauthorized}}
		h := start(t, r, "1")
		err := h.WaitForShutdown(t.Context())
		if !errors.Is(err, ErrUnauthorized) || host.ExitCode(err) != 1 {
			t.Errorf("error %v", err)
		}
	})
}

func TestTheMessageThatIsBeingSentIsFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &receiver{}
		h := start(t, r, "1", "2", "3")
		time.Sleep(1500 * time.Millisecond)
		if err := h.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if want := []string{"1", "2"}; !slices.Equal(r.received, want) {
			t.Errorf("received %q, want %q", r.received, want)
		}
	})
}
