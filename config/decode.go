package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/viper"
)

// decoded is the content of a file.
type decoded struct {
	values map[string]any
	lines  map[string]int // by whole key, as it is written; some keys may be missing
}

// byteOrderMark is what Windows editors begin a file with.
const byteOrderMark = "\uFEFF"

// decode keeps the case of keys, which a viper would not (V6).
func decode(extension string, b []byte) (decoded, error) {
	b = bytes.TrimPrefix(b, []byte(byteOrderMark))
	if !utf8.Valid(b) {
		return decoded{}, notUTF8(b)
	}
	switch extension {
	case ".json":
		return decodeJSON(b)
	case ".yaml", ".yml":
		return decodeWith("yaml", b, yamlLines)
	case ".toml":
		if err := checkBrackets(b); err != nil {
			return decoded{}, err
		}
		return decodeWith("toml", b, tomlLines)
	case ".env":
		return decodeDotEnv(b)
	default:
		return decoded{}, fmt.Errorf("unknown extension %q; use .json, .yaml, .yml, .toml or .env", extension)
	}
}

// decodeWith decodes with viper's codec of a format.
func decodeWith(format string, b []byte, lines func([]byte) map[string]int) (decoded, error) {
	decoder, err := viper.NewCodecRegistry().Decoder(format)
	if err != nil {
		return decoded{}, err
	}
	d := decoded{values: map[string]any{}}
	if err := decoder.Decode(b, d.values); err != nil {
		return decoded{}, syntaxError(format, b, err)
	}
	d.lines = lines(b)
	return d, nil
}

// decodeDotEnv reads NAME=value lines; "__" in a name is ":", as in the
// environment.
func decodeDotEnv(b []byte) (decoded, error) {
	raw, err := decodeWith("dotenv", b, func([]byte) map[string]int { return nil })
	if err != nil {
		return decoded{}, err
	}
	lines := map[string]int{}
	for i, line := range bytes.Split(b, []byte("\n")) {
		name, _, _ := strings.Cut(string(line), "=")
		name = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(name), "export "))
		if _, ok := raw.values[name]; ok {
			lines[envKey(name)] = i + 1
		}
	}
	d := decoded{values: map[string]any{}, lines: lines}
	for name, value := range raw.values {
		d.values[envKey(name)] = value
	}
	return d, nil
}

func notUTF8(b []byte) error {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return errors.New("line 1: is a text in UTF-16; save it in UTF-8")
	}
	valid := len(b) - len(bytes.TrimLeftFunc(b, func(r rune) bool { return r != utf8.RuneError }))
	return fmt.Errorf("line %d: not a text in UTF-8", newLineCounter(b).at(valid))
}

// checkBrackets refuses what go-toml, which has no limit, would follow until the
// stack is full, and that ends the process. Brackets in strings count, too: no
// text has so many.
func checkBrackets(b []byte) error {
	const limit = 10_000 // that of encoding/json
	depth := 0
	for i, c := range b {
		switch c {
		case '[', '{':
			if depth++; depth > limit {
				return fmt.Errorf("line %d: nested too deep; a key may have %d names", newLineCounter(b).at(i), maxDepth)
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return nil
}

// lineCounter tells the lines of offsets in a text; it is fast for offsets that
// grow.
type lineCounter struct {
	text         []byte
	offset, line int
}

func newLineCounter(text []byte) *lineCounter { return &lineCounter{text: text, line: 1} }

func (c *lineCounter) at(offset int) int {
	if offset < c.offset {
		c.offset, c.line = 0, 1
	}
	c.line += bytes.Count(c.text[c.offset:offset], []byte("\n"))
	c.offset = offset
	return c.line
}
