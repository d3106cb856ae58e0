package logging

import (
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/category"
)

// FxLogger logs the events of fx at debug, in the category fx below that of log. Set
// Logging:LogLevel:fxhost.fx to Debug to see those of a host. A failed Start or Stop of
// an fx.App is logged as an error, because fx.App.Run reports it nowhere else; it
// contains the errors of all constructors and hooks. A host calls neither of them, and
// reports its errors itself.
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
	failed := false
	switch e := event.(type) {
	case *fxevent.Started:
		failed = e.Err != nil
	case *fxevent.Stopped:
		failed = e.Err != nil
	}
	switch {
	case failed:
		l.loud.LogEvent(event)
	case l.core.Enabled(zapcore.DebugLevel):
		l.quiet.LogEvent(event)
	}
}
