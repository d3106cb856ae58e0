package windows

import (
	"fmt"
	"time"

	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"

	"github.com/fxhost/fxhost/logging"
)

// isActive tells whether the service manager has started the program.
func (s *settings) isActive() bool {
	if s.active != nil {
		return *s.active
	}
	is, err := svc.IsWindowsService()
	return err == nil && is
}

// dispatch is the [dispatcher] of Windows. A process has one service, whatever its
// name is.
func dispatch(execute func(controls <-chan control, report func(status)) uint32) error {
	return svc.Run("", handler(execute))
}

// handler is a [svc.Handler].
type handler func(controls <-chan control, report func(status)) uint32

// Execute implements [svc.Handler]. The code is one of the service, not of Windows.
func (h handler) Execute(_ []string, requests <-chan svc.ChangeRequest, statuses chan<- svc.Status) (bool, uint32) {
	controls, done := make(chan control), make(chan struct{})
	forwarded := make(chan struct{}) // closed when forward has returned
	go func() {
		defer close(forwarded)
		forward(requests, controls, done)
	}()
	code := h(controls, func(s status) { statuses <- translate(s) })
	close(done)
	<-forwarded
	return code != 0, code
}

// forward takes what the service manager asks for, until done is closed.
func forward(requests <-chan svc.ChangeRequest, controls chan<- control, done <-chan struct{}) {
	known := map[svc.Cmd]control{
		svc.Interrogate: interrogate, svc.Stop: stop, svc.Shutdown: shutdown, svc.PreShutdown: preShutdown,
	}
	for {
		select {
		case r := <-requests:
			c, ok := known[r.Cmd]
			if !ok {
				continue
			}
			select {
			case controls <- c:
			case <-done:
				return
			}
		case <-done:
			return
		}
	}
}

func translate(s status) svc.Status {
	translated := svc.Status{CheckPoint: s.checkpoint, WaitHint: uint32(min(s.hint/time.Millisecond, maxHint))} //nolint:gosec // it is small enough
	switch s.state {
	case startPending:
		translated.State = svc.StartPending
	case running:
		translated.State = svc.Running
		translated.Accepts = svc.AcceptStop | svc.AcceptShutdown | svc.AcceptPreShutdown
	case stopPending:
		translated.State = svc.StopPending
	}
	return translated
}

// addEventLog adds the core of [EventLog]. Its handle is closed with the process: there
// are records to the very end.
func (s *settings) addEventLog(settings *logging.Settings) error {
	if s.source == "" {
		return nil
	}
	log, err := eventlog.Open(s.source)
	if err != nil {
		return fmt.Errorf("windows: EventLog %q: %w", s.source, err)
	}
	const id = 1 // what EventCreate.exe, the usual file of messages, has a text for
	newEventCore(s.level, func(level zapcore.Level, text string) error {
		switch {
		case level >= zapcore.ErrorLevel:
			return log.Error(id, text)
		case level == zapcore.WarnLevel:
			return log.Warning(id, text)
		default:
			return log.Info(id, text)
		}
	}).addTo(settings)
	return nil
}
