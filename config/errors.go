package config

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/fxhost/fxhost/internal/printable"
)

// ErrUnknownKey is wrapped by the error of [Manager.Bind] for a key that no field
// takes.
var ErrUnknownKey = errors.New("unknown key")

// KeyError says why one setting cannot be used. [Manager.Bind] joins all it finds, in
// the order of their keys.
type KeyError struct {
	Key    string // the whole key, Worker:Interval
	Value  string // its value as text, strings in quotes; *** if it looks like a secret, "" if it does not matter
	Source string // the Name of the source, "" if it is not known
	Line   int    // in the source, 0 if it is not known
	Err    error  // the rule that is broken
	Hint   string // what was probably meant, or ""
}

func (e *KeyError) Error() string {
	text := "config: " + e.Key + ": "
	if e.Value != "" {
		text += e.Value + ": "
	}
	text += e.Err.Error()
	if e.Source != "" {
		text += " (" + place(e.Source, e.Line) + ")"
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return printable.Text(text)
}

// place is a source and its line.
func place(source string, line int) string {
	if line == 0 {
		return source
	}
	return source + ":" + strconv.Itoa(line)
}

// Unwrap returns Err.
func (e *KeyError) Unwrap() error { return e.Err }

// problem is that of n, without its value.
func (n *node) problem(err error) *KeyError {
	from := n.origin()
	return &KeyError{Key: n.path, Source: from.source, Line: from.line, Err: err}
}

// quoted returns the value as an error shows it, shortened if it is long.
func (n *node) quoted() string {
	value, _ := text(n.value)
	if len(value) > 80 {
		value = strings.ToValidUTF8(value[:80], "") + "..."
	}
	if _, ok := n.value.(string); ok {
		return strconv.Quote(value)
	}
	return value
}

// kind names what a node is.
func (n *node) kind() string {
	switch n.value.(type) {
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case emptyList:
		return "a list"
	default:
		return "a section"
	}
}
