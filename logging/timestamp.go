package logging

import (
	"bytes"
	"strconv"
	"time"
)

// timestamp is how a formatter writes the time; without parts it has no format of
// its own.
type timestamp struct {
	parts []timePart
	utc   bool
	trim  bool // the blanks by which .NET's formats are set off from what follows
}

// timePart is a part of a format. Each is formatted by itself: in one layout for
// all, text that is meant literally could be taken for a part (a 2 is a day).
type timePart struct {
	kind partKind
	text string // literal, or a layout of Go
}

type partKind uint8

const (
	layoutPart partKind = iota
	literalPart
	fractionPart     // of a second; Go has it only with a dot, which is left out
	dottedPart       // with its dot, or nothing at all
	hourOfTwentyFour // Go has it only with a zero
)

func (p timePart) append(b []byte, at time.Time) []byte {
	switch p.kind {
	case literalPart:
		return append(b, p.text...)
	case fractionPart:
		n := len(b)
		b = at.AppendFormat(b, p.text)
		return append(b[:n], b[min(n+1, len(b)):]...)
	case hourOfTwentyFour:
		return strconv.AppendInt(b, int64(at.Hour()), 10)
	default:
		return at.AppendFormat(b, p.text)
	}
}

func newTimestamp(o formatterOptions) (timestamp, error) {
	parts, err := timeParts(o.TimestampFormat)
	return timestamp{parts: parts, utc: o.UseUtcTimestamp}, err
}

// or gives a timestamp without a format a layout of Go.
func (t timestamp) or(layout string) timestamp {
	if len(t.parts) == 0 {
		t.parts = []timePart{{layoutPart, layout}}
	}
	return t
}

func (t timestamp) append(b []byte, at time.Time) []byte {
	if t.utc {
		at = at.UTC()
	}
	n := len(b)
	for _, p := range t.parts {
		b = p.append(b, at)
	}
	if t.trim {
		b = b[:n+len(bytes.TrimRight(b[n:], " "))]
	}
	return b
}
