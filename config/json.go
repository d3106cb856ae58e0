package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// decodeJSON reads an object. Unlike viper's codec it keeps numbers as they are
// written, refuses a key that appears twice, and knows the line of an error.
func decodeJSON(b []byte) (map[string]any, error) {
	var whole json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(b, &whole); errors.As(err, &syntax) {
		return nil, at(b, syntax.Offset, syntax)
	} else if err != nil {
		return nil, err
	}

	// Unmarshal has checked the syntax and the depth, so the tokens need no checks.
	r := jsonReader{text: b, Decoder: json.NewDecoder(bytes.NewReader(b))}
	r.UseNumber()
	value, err := r.value()
	if err != nil {
		return nil, err
	}
	values, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("the root must be an object, { ... }")
	}
	return values, nil
}

type jsonReader struct {
	text []byte
	*json.Decoder
}

func (r jsonReader) value() (any, error) {
	token, err := r.Token()
	switch token {
	case json.Delim('{'):
		return r.object()
	case json.Delim('['):
		return r.array()
	default:
		return token, err
	}
}

func (r jsonReader) object() (any, error) {
	values := map[string]any{}
	for r.More() {
		key, err := r.Token()
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		if _, twice := values[name]; twice {
			return nil, at(r.text, r.InputOffset(), fmt.Errorf("key %q appears twice", name))
		}
		if values[name], err = r.value(); err != nil {
			return nil, err
		}
	}
	_, err := r.Token() // the closing brace
	return values, err
}

func (r jsonReader) array() (any, error) {
	values := []any{}
	for r.More() {
		value, err := r.value()
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
