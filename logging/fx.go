package logging

import (
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/category"
)

// FxLogger writes the events of fx to the category fx below log, at debug: set
// Logging:LogLevel:fxhost.fx to Debug to see those of a host. Only a failed Start or Stop of an
// fx.App is an error: fx.App.Run shows it nowhere else, and it holds the errors
// of all constructors and hooks, which would otherwise be told twice. A host
// calls neither; it returns and reports what fails.
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
