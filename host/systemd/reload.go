package systemd

import (
	"fmt"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/fields"
)

// reloadAtHangups reloads the configuration at each SIGHUP.
func (l *lifetime) reloadAtHangups() {
	for {
		select {
		case <-l.hangups:
			l.reload()
		case <-l.over:
			return
		}
	}
}

func (l *lifetime) reload() {
	if !l.reloadBegins() {
		return
	}
	err := guarded(l.configuration.Reload)
	services := l.list()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.logReload(err)
	l.notReloaded = err != nil
	if l.phase == running { // READY=1 at any other time would be untrue
		l.told = l.describe(services)
		l.send("READY=1", status(l.told))
	}
}

// reloadBegins tells systemd, and whether to reload: a host that stops does not.
// systemd waits for the reload of a running service only.
func (l *lifetime) reloadBegins() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.phase == running {
		messages := []string{"RELOADING=1"}
		if now, err := monotonic(); err == nil {
			// It tells systemd that this is the answer to its signal (Type=notify-reload).
			messages = append(messages, fmt.Sprintf("MONOTONIC_USEC=%d", now.Microseconds()))
		}
		l.told = "reloading the configuration"
		l.send(append(messages, status(l.told))...)
	}
	return l.phase < draining
}

func (l *lifetime) logReload(err error) {
	l.logLater(func(*zap.Logger) {
		log, files := l.app.configLog, zap.Strings(fields.Files, l.configuration.Files())
		switch {
		case err == nil:
			log.Info("configuration reloaded", files)
		case l.configuration.Status().LastError == nil: // the new values are in force
			log.Error("configuration change handler failed", zap.Error(err))
		default:
			log.Error("configuration not reloaded", zap.Error(err))
		}
	})
}
