package logging

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// timeParts reads a format of .NET, such as "yyyy-MM-dd HH:mm:ss.fff ". A layout
// of Go, known by its 2006 or 15:04, is taken as it is.
func timeParts(format string) ([]timePart, error) {
	switch {
	case format == "":
		return nil, nil
	case !utf8.ValidString(format):
		return nil, errors.New("is not a text in UTF-8")
	case strings.ContainsAny(format, "\r\n"):
		return nil, errors.New("has a line break, which would tear a record apart")
	case strings.Contains(format, "2006") || strings.Contains(format, "15:04") || strings.Contains(format, "03:04"):
		return []timePart{{layoutPart, format}}, nil
	case len(format) == 1:
		return standardTime(format)
	}
	var parts []timePart
	for i := 0; i < len(format); {
		part, n, err := nextTimePart(format[i:])
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
		i += n
	}
	return parts, nil
}

// standardTime is one of .NET's formats of one letter. Most of them depend on the
// culture, and d is not the day that it is in longer formats.
func standardTime(letter string) ([]timePart, error) {
	switch letter {
	case "o", "O":
		return []timePart{{layoutPart, "2006-01-02T15:04:05.0000000Z07:00"}}, nil
	case "s":
		return []timePart{{layoutPart, "2006-01-02T15:04:05"}}, nil
	case "u":
		return []timePart{{layoutPart, "2006-01-02 15:04:05"}, {literalPart, "Z"}}, nil
	default:
		return nil, fmt.Errorf("unknown format %q; of those with one letter there are o, s and u", letter)
	}
}

// nextTimePart reads the first part of a format, and tells how long it is.
func nextTimePart(format string) (part timePart, length int, err error) {
	c := format[0]
	n := repeated(format)
	switch {
	case c == '\'' || c == '"':
		text, _, closed := strings.Cut(format[1:], format[:1])
		if !closed {
			return part, 0, fmt.Errorf("the text that begins with %c has no end", c)
		}
		return timePart{literalPart, text}, len(text) + 2, nil
	case c == '\\':
		_, size := utf8.DecodeRuneInString(format[1:])
		if size == 0 {
			return part, 0, errors.New(`ends with a \, which has the letter behind it taken literally`)
		}
		return timePart{literalPart, format[1 : 1+size]}, 1 + size, nil
	case c == '%': // makes a format of one letter a custom one
		return timePart{literalPart, ""}, 1, nil
	case strings.HasPrefix(format, ".F") && repeated(format[1:]) <= 7:
		n := repeated(format[1:])
		return timePart{dottedPart, "." + strings.Repeat("9", n)}, 1 + n, nil
	case c == 'f' && n <= 7:
		return timePart{fractionPart, "." + strings.Repeat("0", n)}, n, nil
	case c == 'F' && n <= 7:
		return timePart{fractionPart, "." + strings.Repeat("9", n)}, n, nil
	case c >= '0' && c <= '9':
		return part, 0, errors.New("a digit is no part of a format; write a layout of Go in full, with 2006 or 15:04, or put it in quotes")
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		part, ok := dotnetTime(format[:n])
		if !ok {
			return part, 0, fmt.Errorf("unknown part %q; use yyyy yy MM dd ddd HH hh mm ss fff tt zzz K, text in quotes, "+
				"or a layout of Go with 2006 or 15:04", format[:n])
		}
		return part, n, nil
	default:
		return timePart{literalPart, format[:1]}, 1, nil
	}
}

// repeated counts how often the first byte is there.
func repeated(format string) int {
	n := 1
	for n < len(format) && format[n] == format[0] {
		n++
	}
	return n
}

// dotnetTime knows the parts that are letters. The T and the Z of RFC 3339 need no
// quotes.
func dotnetTime(part string) (timePart, bool) {
	switch part {
	case "H":
		return timePart{hourOfTwentyFour, ""}, true
	case "T", "Z":
		return timePart{literalPart, part}, true
	}
	layout, ok := map[string]string{
		"yyyy": "2006", "yy": "06", "MMMM": "January", "MMM": "Jan", "MM": "01", "M": "1",
		"dddd": "Monday", "ddd": "Mon", "dd": "02", "d": "2", "HH": "15", "hh": "03", "h": "3",
		"mm": "04", "m": "4", "ss": "05", "s": "5", "tt": "PM", "zzz": "-07:00", "zz": "-07", "K": "Z07:00",
	}[part]
	return timePart{layoutPart, layout}, ok
}
