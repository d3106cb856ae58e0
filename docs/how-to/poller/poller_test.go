package poller_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxhost/fxhost/docs/how-to/poller"
	"github.com/fxhost/fxhost/host/hosttest"
	"github.com/fxhost/fxhost/hosted"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errGone = errors.New("mailbox is gone")

// mailbox returns one more mail each time and fails after the third call.
type mailbox struct{ asked int }

func (m *mailbox) Count(context.Context) (int, error) {
	m.asked++
	if m.asked > 3 {
		return 0, errGone
	}
	return m.asked, nil
}

func newMailbox() poller.Mailbox { return &mailbox{} }

func TestPollerCountsOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Start(t, nil, poller.Module(), fx.Provide(newMailbox))

		time.Sleep(2*time.Minute + 30*time.Second)
		synctest.Wait()

		mails := h.Logs.FilterMessage("mail").All()
		if len(mails) != 2 || mails[1].ContextMap()["count"] != int64(2) {
			t.Errorf("records %v, want two, the last with count 2", mails)
		}
	})
}

func TestAFailingMailboxStopsTheHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Start(t, nil, poller.Module(), fx.Provide(newMailbox))

		err := h.WaitForShutdown(t.Context())

		var failed *hosted.ServiceError
		if !errors.As(err, &failed) || failed.Service != "poller" || !errors.Is(err, errGone) {
			t.Errorf("error %v, want that of the poller", err)
		}
	})
}

func TestThePollerUsesTheMailboxOfTheApplication(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shared poller.Mailbox
		hosttest.Start(t, nil, poller.Module(), fx.Provide(newMailbox), fx.Populate(&shared))

		time.Sleep(2*time.Minute + 30*time.Second)
		synctest.Wait()

		if count, err := shared.Count(t.Context()); count != 3 || err != nil {
			t.Errorf("call %d, error %v, want the third call", count, err)
		}
	})
}

func TestStopEndsThePoller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosttest.Start(t, nil, poller.Module(), fx.Provide(newMailbox))

		if err := h.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if status, _ := h.Services().Get("poller"); status.State != hosted.StateStopped {
			t.Errorf("the poller is %v, want it stopped", status.State)
		}
	})
}

func TestTheGraphIsComplete(t *testing.T) {
	hosttest.Validate(t, nil, poller.Module(), fx.Provide(newMailbox))
}
