package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tidwall/jsonc"
)

// decodeJSON reads an object with comments and trailing commas (CG-13). Unlike
// viper's codec it keeps numbers as they are written, refuses a key that appears
// twice, and knows the lines.
func decodeJSON(b []byte) (decoded, error) {
	b = jsonc.ToJSON(b) // what it removes becomes blanks, so that places stay
	var whole json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(b, &whole); errors.As(err, &syntax) {
		return decoded{}, at(b, syntax.Offset, syntax)
	} else if err != nil {
		return decoded{}, err
	}

	// Unmarshal has checked the syntax and the depth, so the tokens need no checks.
	r := jsonReader{
		text: b, counter: newLineCounter(b), lines: map[string]int{}, Decoder: json.NewDecoder(bytes.NewReader(b)),
	}
	r.UseNumber()
	value, err := r.value("")
	if err != nil {
		return decoded{}, err
	}
	values, ok := value.(map[string]any)
	if !ok {
		return decoded{}, errors.New("the root must be an object, { ... }")
	}
	return decoded{values: values, lines: r.lines}, nil
}

type jsonReader struct {
	text    []byte
	counter *lineCounter
	lines   map[string]int
	*json.Decoder
}

// value reads the next value, which is that of key.
func (r jsonReader) value(key string) (any, error) {
	token, err := r.Token()
	if key != "" {
		r.lines[key] = r.counter.at(int(r.InputOffset()))
	}
	switch token {
	case json.Delim('{'):
		return r.object(key)
	case json.Delim('['):
		return r.array(key)
	default:
		return token, err
	}
}

func (r jsonReader) object(key string) (any, error) {
	values := map[string]any{}
	for r.More() {
		token, err := r.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string)
		if _, twice := values[name]; twice {
			return nil, at(r.text, r.InputOffset(), fmt.Errorf("key %q appears twice", name))
		}
		if values[name], err = r.value(join(key, name)); err != nil {
			return nil, err
		}
	}
	_, err := r.Token() // the closing brace
	return values, err
}

func (r jsonReader) array(key string) (any, error) {
	values := []any{}
	for r.More() {
		value, err := r.value(item(key, len(values)))
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	_, err := r.Token() // the closing bracket
	return values, err
}

// at adds the line and column of the byte before offset.
func at(b []byte, offset int64, err error) error {
	before := b[:min(max(offset-1, 0), int64(len(b)))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}
