package windows

import (
	"strings"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/logging"
)

// writer writes one record to the event log.
type writer func(level zapcore.Level, text string) error

// eventCore is a [zapcore.Core] that writes to the event log.
type eventCore struct {
	zapcore.LevelEnabler

	encoder zapcore.Encoder
	write   writer
}

// addTo has the core see what the logger of settings writes.
func (c *eventCore) addTo(settings *logging.Settings) {
	settings.Options = append(settings.Options, zap.WrapCore(func(core zapcore.Core) zapcore.Core {
		return zapcore.NewTee(core, c)
	}))
}

// newEventCore writes category and message on a line, and the fields below. The event
// log itself has time and level.
func newEventCore(level zapcore.LevelEnabler, write writer) *eventCore {
	return &eventCore{level, zapcore.NewConsoleEncoder(zapcore.EncoderConfig{
		NameKey: "logger", MessageKey: "message", StacktraceKey: "stacktrace",
		EncodeDuration:   zapcore.StringDurationEncoder,
		EncodeTime:       zapcore.RFC3339NanoTimeEncoder,
		LineEnding:       "\r\n",
		ConsoleSeparator: "\r\n",
	}), write}
}

func (c *eventCore) With(fields []zapcore.Field) zapcore.Core {
	clone := &eventCore{c.LevelEnabler, c.encoder.Clone(), c.write}
	for _, f := range fields {
		f.AddTo(clone.encoder)
	}
	return clone
}

func (c *eventCore) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(e.Level) {
		return ce.AddCore(e, c)
	}
	return ce
}

// maxEvent is the longest text of an event.
const maxEvent = 31000

func (c *eventCore) Write(e zapcore.Entry, fields []zapcore.Field) error {
	buffer, err := c.encoder.EncodeEntry(e, fields)
	if err != nil {
		return err
	}
	defer buffer.Free()
	text := strings.ReplaceAll(buffer.String(), "\x00", " ") // where Windows would end
	if len(text) > maxEvent {
		text = strings.ToValidUTF8(text[:maxEvent], "") + "..."
	}
	return c.write(e.Level, text)
}

func (c *eventCore) Sync() error { return nil }
