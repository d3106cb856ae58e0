package logging

import (
	"iter"
	"strings"

	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/internal/printable"
)

// milliseconds are enough for people.
const milliseconds = "2006-01-02T15:04:05.000Z07:00"

// twoLinePadding is as wide as "info: ".
const twoLinePadding = "      "

// oneLineHead is time, tag and category, with tabs behind them.
func oneLineHead(at timestamp, tag func(zapcore.Level) string) func(*buffer.Buffer, zapcore.Entry) {
	at = at.or(milliseconds)
	at.trim = true
	return func(b *buffer.Buffer, e zapcore.Entry) {
		appendTime(b, at, e)
		b.AppendByte('\t')
		b.AppendString(tag(e.Level))
		b.AppendByte('\t')
		if e.LoggerName != "" {
			b.AppendString(printable.Lines(joinLines(e.LoggerName)))
			b.AppendByte('\t')
		}
	}
}

// twoLineHead is .NET's: time, tag and category on a line of their own.
func twoLineHead(at timestamp, tag func(zapcore.Level) string) func(*buffer.Buffer, zapcore.Entry) {
	return func(b *buffer.Buffer, e zapcore.Entry) {
		appendTime(b, at, e)
		b.AppendString(tag(e.Level))
		b.AppendString(": ")
		b.AppendString(printable.Lines(joinLines(e.LoggerName)))
		b.AppendString(zapcore.DefaultLineEnding)
		b.AppendString(twoLinePadding)
	}
}

// systemdHead is the priority that the journal takes from a line, time and
// category.
func systemdHead(at timestamp) func(*buffer.Buffer, zapcore.Entry) {
	return func(b *buffer.Buffer, e zapcore.Entry) {
		b.AppendByte('<')
		b.AppendByte(priority(e.Level))
		b.AppendByte('>')
		appendTime(b, at, e)
		if e.LoggerName != "" {
			b.AppendString(printable.Lines(joinLines(e.LoggerName)))
			b.AppendByte(' ')
		}
	}
}

func priority(l zapcore.Level) byte {
	switch {
	case l <= zapcore.DebugLevel:
		return '7'
	case l == zapcore.InfoLevel:
		return '6'
	case l == zapcore.WarnLevel:
		return '4'
	case l == zapcore.ErrorLevel:
		return '3'
	default:
		return '2'
	}
}

func appendTime(b *buffer.Buffer, at timestamp, e zapcore.Entry) {
	if len(at.parts) > 0 && !e.Time.IsZero() {
		var text [64]byte
		_, _ = b.Write(at.append(text[:0], e.Time)) // a buffer takes all
	}
}

// lines are those of a text, without the ends.
func lines(text string) iter.Seq[string] {
	return strings.SplitSeq(strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\r", ""), "\n")
}

// joinLines makes one line of a text.
func joinLines(text string) string {
	if !strings.ContainsAny(text, "\r\n") {
		return text
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' }), " ")
}
