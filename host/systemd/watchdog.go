package systemd

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/fields"
)

const (
	// keepable is the shortest watchdog that a busy machine can be expected to keep.
	keepable = 100 * time.Millisecond
	// shortest is the shortest time between two messages.
	shortest = 100 * time.Microsecond
)

// takeWatchdog reads how often systemd wants to hear that the host is live. The
// variables may be those of a parent.
func (l *lifetime) takeWatchdog() {
	own := os.Getenv(watchdogPID) == "" || isOwnPID(watchdogPID)
	_, text := take(watchdogPID), take(watchdogUsec)
	if text == "" || !own {
		return
	}
	micros, err := strconv.ParseUint(text, 10, 63)
	if err != nil || micros == 0 || micros > uint64((1<<63-1)/time.Microsecond) {
		l.logLater(func(log *zap.Logger) {
			log.Warn("watchdog of systemd not fed",
				zap.Error(fmt.Errorf("systemd: %s is %q: want microseconds", watchdogUsec, text)))
		})
		return
	}
	l.watchdog = time.Duration(micros) * time.Microsecond //nolint:gosec // it is small enough
	if l.watchdog < keepable {
		l.logLater(func(log *zap.Logger) {
			log.Warn("watchdog of systemd is too short for a busy machine: set WatchdogSec to a second or more",
				zap.Duration(fields.Limit, l.watchdog))
		})
	}
}

// feedWatchdog tells systemd that the host is live, as long as it is. It has a
// goroutine of its own: one that hangs in it is not live.
func (l *lifetime) feedWatchdog() {
	select {
	case <-l.ready: // systemd begins to wait, and what checks have to find out has half of that
	case <-l.over:
		return
	}
	ticker := time.NewTicker(max(l.watchdog/2, shortest))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			l.feed(l.isLive())
		case <-l.over:
			return
		}
	}
}

func (l *lifetime) feed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil {
		l.send("WATCHDOG=1")
	}
	switch notLive := err != nil; {
	case notLive == l.notLive:
		return
	case notLive:
		l.app.log.Error("host is not live: watchdog of systemd not fed", zap.Error(err))
	default:
		l.app.log.Info("host is live again")
	}
	l.notLive = err != nil
}

// isLive tells what is wrong with the host. A host that stops has limits of its own.
func (l *lifetime) isLive() error {
	l.mu.Lock()
	runs := l.phase == running
	l.mu.Unlock()
	if !runs {
		return nil
	}
	var errs []error
	for _, s := range l.list() {
		if s.State == hosted.StateStalled {
			errs = append(errs, fmt.Errorf("systemd: service %q is stalled", s.Name))
		}
	}
	for _, f := range l.settings.live {
		errs = append(errs, guarded(f))
	}
	return errors.Join(errs...)
}

// guarded calls f, which is not ours: a panic must not take the host down.
func guarded(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &hosted.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return f()
}
