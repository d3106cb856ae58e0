package logging

import (
	"fmt"
	"io"
	"strings"
	"time"

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
		return newJSONEncoder(at)
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
// clock gives, unless told otherwise.
func newJSONEncoder(at timestamp) zapcore.Encoder {
	c := encoderConfig()
	c.TimeKey, c.LevelKey, c.NameKey = "time", "level", "logger"
	c.EncodeLevel = func(l zapcore.Level, enc zapcore.PrimitiveArrayEncoder) {
		if l == traceLevel {
			enc.AppendString("trace")
			return
		}
		zapcore.LowercaseLevelEncoder(l, enc)
	}
	if at.isZero() {
		return zapcore.NewJSONEncoder(c)
	}
	at = at.or(time.RFC3339Nano)
	c.EncodeTime = func(t time.Time, enc zapcore.PrimitiveArrayEncoder) {
		if own, ok := unmark(t); ok {
			enc.AppendString(string(at.append(nil, own)))
			return
		}
		zapcore.RFC3339NanoTimeEncoder(t, enc)
	}
	return markingEncoder{zapcore.NewJSONEncoder(c)}
}

// markingEncoder marks the time of each record. zap encodes that and the times in
// fields alike, but TimestampFormat, which may have no date, is for the first only.
type markingEncoder struct{ zapcore.Encoder }

func (e markingEncoder) Clone() zapcore.Encoder { return markingEncoder{e.Encoder.Clone()} }

func (e markingEncoder) EncodeEntry(entry zapcore.Entry, extra []zapcore.Field) (*buffer.Buffer, error) {
	if !entry.Time.IsZero() {
		entry.Time = shift(entry.Time, mark)
	}
	return e.Encoder.EncodeEntry(entry, extra)
}

// mark is 35 million years in seconds: no field has such a time.
const mark = 1 << 50

func unmark(t time.Time) (own time.Time, marked bool) {
	return shift(t, -mark), t.Unix() > mark/2
}

func shift(t time.Time, seconds int64) time.Time {
	return time.Unix(t.Unix()+seconds, int64(t.Nanosecond())).In(t.Location())
}
