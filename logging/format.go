package logging

import (
	"fmt"
	"io"
	"strings"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"
)

const (
	formatSimple  formatter = "simple"
	formatJSON    formatter = "json"
	formatSystemd formatter = "systemd"
)

// formatter is the name of a format.
type formatter string

// UnmarshalText reads a name in any case.
func (f *formatter) UnmarshalText(text []byte) error {
	switch name := formatter(strings.ToLower(string(text))); name {
	case "", formatSimple, formatJSON, formatSystemd:
		*f = name
		return nil
	default:
		return fmt.Errorf("unknown formatter; use %s, %s or %s", formatSimple, formatJSON, formatSystemd)
	}
}

// encoder makes the encoder of a format for what goes to out. The options have
// been checked.
func (f formatter) encoder(o formatterOptions, out io.Writer) zapcore.Encoder {
	at, _ := newTimestamp(o)
	switch f {
	case formatJSON:
		return newJSONEncoder(o.UseUtcTimestamp)
	case formatSystemd:
		return newTextEncoder(layout{head: systemdHead(at), separator: " ", oneLine: true})
	default:
		t := tag
		if o.ColorBehavior.colored(out) {
			t = coloredTag
		}
		if o.SingleLine != nil && !*o.SingleLine {
			return newTextEncoder(layout{head: twoLineHead(at, t), separator: " ", padding: twoLinePadding})
		}
		return newTextEncoder(layout{
			head: oneLineHead(at, t), separator: "\t", padding: "    ", oneLine: o.SingleLine != nil,
		})
	}
}

// encoderConfig is the same for all formats: durations as 1.5s.
func encoderConfig() zapcore.EncoderConfig {
	return zapcore.EncoderConfig{
		CallerKey:      "caller",
		MessageKey:     "message",
		StacktraceKey:  "stacktrace",
		LineEnding:     zapcore.DefaultLineEnding,
		EncodeDuration: zapcore.StringDurationEncoder,
		EncodeCaller:   zapcore.ShortCallerEncoder,
		EncodeTime:     zapcore.RFC3339NanoTimeEncoder,
	}
}

// newJSONEncoder makes one object a line. Times are RFC 3339 in the zone that the
// clock gives; utc is for that of the record.
func newJSONEncoder(utc bool) zapcore.Encoder {
	c := encoderConfig()
	c.TimeKey, c.LevelKey, c.NameKey = "time", "level", "logger"
	c.EncodeLevel = func(l zapcore.Level, enc zapcore.PrimitiveArrayEncoder) {
		if l == traceLevel {
			enc.AppendString("trace")
			return
		}
		zapcore.LowercaseLevelEncoder(l, enc)
	}
	if utc {
		return utcEncoder{zapcore.NewJSONEncoder(c)}
	}
	return zapcore.NewJSONEncoder(c)
}

// utcEncoder writes the time of each record in UTC.
type utcEncoder struct{ zapcore.Encoder }

func (e utcEncoder) Clone() zapcore.Encoder { return utcEncoder{e.Encoder.Clone()} }

func (e utcEncoder) EncodeEntry(entry zapcore.Entry, extra []zapcore.Field) (*buffer.Buffer, error) {
	entry.Time = entry.Time.UTC()
	return e.Encoder.EncodeEntry(entry, extra)
}
