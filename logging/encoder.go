package logging

import (
	"slices"
	"strings"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/fields"
)

// encoderConfig is the same for both formats: times in RFC 3339 in the zone that
// the clock gives, durations as 1.5s.
func encoderConfig() zapcore.EncoderConfig {
	return zapcore.EncoderConfig{
		TimeKey:        "time",
		LevelKey:       "level",
		NameKey:        "logger",
		CallerKey:      "caller",
		MessageKey:     "message",
		StacktraceKey:  "stacktrace",
		LineEnding:     zapcore.DefaultLineEnding,
		EncodeTime:     zapcore.RFC3339NanoTimeEncoder,
		EncodeLevel:    encodeLevel,
		EncodeDuration: zapcore.StringDurationEncoder,
		EncodeCaller:   zapcore.ShortCallerEncoder,
	}
}

func encodeLevel(l zapcore.Level, enc zapcore.PrimitiveArrayEncoder) {
	if l == traceLevel {
		enc.AppendString("trace")
		return
	}
	zapcore.LowercaseLevelEncoder(l, enc)
}

func newJSONEncoder() zapcore.Encoder { return zapcore.NewJSONEncoder(encoderConfig()) }

// newSimpleEncoder makes lines to read: time to the millisecond, level, category,
// message, fields as JSON.
func newSimpleEncoder() zapcore.Encoder {
	config := encoderConfig()
	config.EncodeTime = zapcore.TimeEncoderOfLayout("2006-01-02T15:04:05.000Z07:00")
	return &simpleEncoder{Encoder: zapcore.NewConsoleEncoder(config)}
}

// simpleEncoder takes error and stack out of the fields, since JSON makes one
// long line of them, and puts them verbatim on lines of their own.
type simpleEncoder struct {
	zapcore.Encoder
	blocks []string
}

func isBlock(key string) bool { return key == fields.Error || key == fields.Stack }

func (e *simpleEncoder) Clone() zapcore.Encoder {
	return &simpleEncoder{Encoder: e.Encoder.Clone(), blocks: slices.Clip(e.blocks)}
}

// AddString is what zap.Error, zap.String and With come down to.
func (e *simpleEncoder) AddString(key, value string) {
	switch {
	case isBlock(key) && value != "":
		e.blocks = append(e.blocks, value)
	case key == fields.Error+"Verbose": // %+v of the error: the stack trace of some libraries
	default:
		e.Encoder.AddString(key, value)
	}
}

// AddArray leaves out the parts of a joined error; its text has them all.
func (e *simpleEncoder) AddArray(key string, values zapcore.ArrayMarshaler) error {
	if key == fields.Error+"Causes" {
		return nil
	}
	return e.Encoder.AddArray(key, values)
}

func (e *simpleEncoder) EncodeEntry(entry zapcore.Entry, extra []zapcore.Field) (*buffer.Buffer, error) {
	if slices.ContainsFunc(extra, func(f zapcore.Field) bool { return isBlock(f.Key) }) {
		clone := e.Clone()
		for _, f := range extra {
			f.AddTo(clone)
		}
		return clone.EncodeEntry(entry, nil)
	}

	line, err := e.Encoder.EncodeEntry(entry, extra)
	if err != nil {
		return nil, err
	}
	for _, block := range e.blocks {
		for text := range strings.Lines(strings.TrimRight(block, "\r\n")) {
			line.AppendString("    ")
			line.AppendString(strings.TrimRight(text, "\r\n"))
			line.AppendString(zapcore.DefaultLineEnding)
		}
	}
	return line, nil
}
