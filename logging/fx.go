package logging

import (
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/category"
)

// FxLogger writes the events of fx to the category fx below log, at debug: set
// Logging:LogLevel:fx to Debug to see them. Only the failure of a hook while
// stopping or rolling back is an error. Whatever else fails comes back from
// App.Err, Start or Stop, and who called them reports it, once.
//
// While debug is off, an event costs a look at its type.
func FxLogger(log *zap.Logger) fxevent.Logger {
	log = category.Named(log, "fx")
	quiet := &fxevent.ZapLogger{Logger: log}
	quiet.UseLogLevel(zapcore.DebugLevel)
	quiet.UseErrorLevel(zapcore.DebugLevel)
	return &fxLogger{core: log.Core(), quiet: quiet, loud: &fxevent.ZapLogger{Logger: log}}
}

type fxLogger struct {
	core        zapcore.Core
	quiet, loud *fxevent.ZapLogger
}

// LogEvent asks before it formats: fxevent.ZapLogger makes all fields first.
func (l *fxLogger) LogEvent(event fxevent.Event) {
	switch e := event.(type) {
	case *fxevent.OnStopExecuted:
		if e.Err != nil { // fx goes on with the next hook, and drops this on a timeout (F5)
			l.loud.LogEvent(event)
			return
		}
	case *fxevent.RolledBack:
		if e.Err != nil {
			l.loud.LogEvent(event)
			return
		}
	}
	if l.core.Enabled(zapcore.DebugLevel) {
		l.quiet.LogEvent(event)
	}
}
