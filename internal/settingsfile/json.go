package settingsfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tidwall/jsonc"
)

// parseJSON reads an object with comments and trailing commas. Numbers stay as
// they are written.
func parseJSON(c *collector, b []byte) error {
	b = jsonc.ToJSON(b) // what it removes becomes blanks, so that places stay
	var whole json.RawMessage
	if err := json.Unmarshal(b, &whole); err != nil {
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			return jsonError(b, max(0, int(syntax.Offset)-1), err)
		}
		return err
	}
	// The syntax and the depth are right, so what follows only takes it apart.
	r := &jsonReader{collector: c, text: b, line: 1}
	if r.next() != '{' {
		return errors.New("the root must be an object, { ... }")
	}
	return r.object("")
}

// jsonError adds the line and column.
func jsonError(b []byte, offset int, err error) error {
	offset = min(offset, len(b))
	return fmt.Errorf("line %d, column %d: %w", newLineCounter(b).at(offset), column(b, offset), err)
}

// jsonReader takes apart a text that is known to be right.
type jsonReader struct {
	*collector
	text   []byte
	offset int
	line   int
}

// next returns the first byte of the next token, without taking it.
func (r *jsonReader) next() byte {
	for ; r.offset < len(r.text); r.offset++ {
		switch c := r.text[r.offset]; c {
		case '\n':
			r.line++
		case ' ', '\t', '\r', ',', ':':
		default:
			return c
		}
	}
	return 0
}

// value reads the value of a key that was noted.
func (r *jsonReader) value(key string) error {
	start := r.next()
	line := r.line
	switch start {
	case '{':
		return r.object(key)
	case '[':
		return r.array(key)
	case '"':
		text, err := r.string()
		r.collector.value(key, text, line)
		return err
	}
	end := bytes.IndexAny(r.text[r.offset:], ",]} \t\r\n")
	word := string(r.text[r.offset : r.offset+end])
	r.offset += end
	switch word {
	case "null":
		r.collector.value(key, nil, line)
	case "true", "false":
		r.collector.value(key, word == "true", line)
	default:
		r.collector.value(key, json.Number(word), line)
	}
	return nil
}

func (r *jsonReader) object(key string) error {
	r.offset++
	if r.next() == '}' && key != "" {
		r.collector.value(key, EmptySection{}, r.line)
	}
	for r.next() != '}' {
		line := r.line
		name, err := r.string()
		if err != nil {
			return err
		}
		child := join(key, name)
		end := r.offset
		r.next() // the line of an entry is that of its value
		if err := r.key(child, r.line); err != nil {
			if twice := (*twiceError)(nil); errors.As(err, &twice) {
				return fmt.Errorf("line %d, column %d: key %q appears twice", line, column(r.text, end-1), name)
			}
			return err
		}
		if err := r.value(child); err != nil {
			return err
		}
	}
	r.offset++
	return nil
}

func (r *jsonReader) array(key string) error {
	r.offset++
	if r.next() == ']' {
		r.collector.value(key, EmptyList{}, r.line)
	}
	for i := 0; r.next() != ']'; i++ {
		child := item(key, i)
		if err := r.key(child, r.line); err != nil {
			return err
		}
		if err := r.value(child); err != nil {
			return err
		}
	}
	r.offset++
	return nil
}

func (r *jsonReader) string() (string, error) {
	start := r.offset
	r.offset++
	escaped := false
	for ; r.text[r.offset] != '"'; r.offset++ {
		if r.text[r.offset] == '\\' {
			escaped = true
			r.offset++
		}
	}
	r.offset++
	if !escaped {
		return string(r.text[start+1 : r.offset-1]), nil
	}
	var s string
	err := json.Unmarshal(r.text[start:r.offset], &s)
	return s, err
}
