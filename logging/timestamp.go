package logging

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// timestamp is how a formatter writes the time; the layout "" is none of its own.
type timestamp struct {
	layout string
	utc    bool
}

func newTimestamp(o formatterOptions) (timestamp, error) {
	layout, err := timeLayout(o.TimestampFormat)
	return timestamp{layout, o.UseUtcTimestamp}, err
}

func (t timestamp) or(layout string) timestamp {
	if t.layout == "" {
		t.layout = layout
	}
	return t
}

func (t timestamp) append(b []byte, at time.Time) []byte {
	if t.utc {
		at = at.UTC()
	}
	return at.AppendFormat(b, t.layout)
}

// timeLayout turns a format of .NET, such as "yyyy-MM-dd HH:mm:ss.fff ", into a
// layout of Go. What is one already stays as it is.
func timeLayout(format string) (string, error) {
	switch {
	case !utf8.ValidString(format):
		return "", errors.New("is not a text in UTF-8")
	case strings.ContainsAny(format, "\r\n"):
		return "", errors.New("has a line break, which would tear a record apart")
	case strings.Contains(format, "2006") || strings.Contains(format, "15:04") || strings.Contains(format, "03:04"):
		return format, nil
	case format == "o" || format == "O":
		return "2006-01-02T15:04:05.0000000Z07:00", nil
	case format == "s":
		return "2006-01-02T15:04:05", nil
	case format == "u":
		return "2006-01-02 15:04:05Z", nil
	}
	var b strings.Builder
	for i := 0; i < len(format); {
		c := format[i]
		n := 1 // how often c is repeated
		for i+n < len(format) && format[i+n] == c {
			n++
		}
		switch {
		case c == '\'' || c == '"':
			literal, _, closed := strings.Cut(format[i+1:], string(c))
			if !closed {
				return "", fmt.Errorf("the text that begins with %c has no end", c)
			}
			b.WriteString(literal)
			i += len(literal) + 2
			continue
		case c == 'f' || c == 'F':
			if i == 0 || format[i-1] != '.' && format[i-1] != ',' {
				return "", errors.New("fractions of a second follow a dot or a comma: ss.fff")
			}
			b.WriteString(strings.Repeat(map[byte]string{'f': "0", 'F': "9"}[c], n))
		case c >= '0' && c <= '9':
			return "", errors.New("a digit is no part of a format; write a layout of Go in full, with 2006 or 15:04, or put it in quotes")
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			part, ok := dotnetTime(format[i : i+n])
			if !ok {
				return "", fmt.Errorf("unknown part %q; use yyyy MM dd HH hh mm ss fff tt zzz K, or a layout of Go", format[i:i+n])
			}
			b.WriteString(part)
		default:
			b.WriteString(format[i : i+n])
		}
		i += n
	}
	return b.String(), nil
}

func dotnetTime(part string) (layout string, ok bool) {
	layout, ok = map[string]string{
		"yyyy": "2006", "yy": "06", "MMMM": "January", "MMM": "Jan", "MM": "01", "M": "1",
		"dddd": "Monday", "ddd": "Mon", "dd": "02", "d": "2", "HH": "15", "H": "15", "hh": "03", "h": "3",
		"mm": "04", "m": "4", "ss": "05", "s": "5", "tt": "PM", "zzz": "-07:00", "zz": "-07", "K": "Z07:00", "T": "T", "Z": "Z",
	}[part]
	return layout, ok
}
