// Package settingsfile reads files of settings: from bytes to entries, each with
// its key, value and line. It reads a file once and parses it once, and bounds what
// a file may cost whatever is in it.
package settingsfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/fxhost/fxhost/internal/printable"
)

// Delimiter stands between the names of a key.
const Delimiter = ":"

// What a file may cost.
const (
	// MaxSize is that of a ConfigMap, in bytes, far above what people write. It also
	// keeps a wrong path, say to a database, from filling the memory.
	MaxSize = 1 << 20
	// MaxDepth is how many names a key may have.
	MaxDepth = 100
	// maxKeys is how many keys a file may have. What an alias of YAML stands for
	// counts each time.
	maxKeys = 50_000
)

// Entry is one value with its whole key, "Worker:Interval"; the items of a list
// have the keys 0, 1, and so on. The value is a string, a bool, a json.Number, an
// EmptyList, an EmptySection, or nil for a null.
type Entry struct {
	Key   string
	Value any
	Line  int
}

type (
	// EmptyList is [] in a file.
	EmptyList struct{}
	// EmptySection is {} in a file.
	EmptySection struct{}
)

// Read returns the entries of a file in the order in which they are written. The
// extension of its name tells the format. No two keys are the same, also not if
// their case is ignored. Errors name lines, and cite no values.
func Read(path string) ([]Entry, error) {
	b, err := Bytes(path)
	if err != nil {
		return nil, err
	}
	return Parse(filepath.Ext(path), b)
}

// Parse is Read for the content of a file.
func Parse(extension string, b []byte) ([]Entry, error) {
	var parse func(*collector, []byte) error
	switch strings.ToLower(extension) {
	case ".json":
		parse = parseJSON
	case ".yaml", ".yml":
		parse = parseYAML
	case ".toml":
		parse = parseTOML
	case ".env":
		parse = parseDotEnv
	default:
		return nil, fmt.Errorf("unknown extension %q; use .json, .yaml, .yml, .toml or .env", extension)
	}
	b = TrimByteOrderMark(b)
	if !utf8.Valid(b) {
		return nil, notUTF8(b)
	}
	c := &collector{entries: []Entry{}, seen: map[string]place{}}
	if err := parse(c, b); err != nil {
		return nil, errors.New(printable.Text(err.Error())) // which may have keys in it
	}
	return c.entries, nil
}

// TrimByteOrderMark removes what Windows editors begin a file with.
func TrimByteOrderMark(b []byte) []byte { return bytes.TrimPrefix(b, []byte("\uFEFF")) }

func notUTF8(b []byte) error {
	if bytes.HasPrefix(b, []byte("\xff\xfe")) || bytes.HasPrefix(b, []byte("\xfe\xff")) {
		return errors.New("line 1: is a text in UTF-16; save it in UTF-8")
	}
	valid := len(b) - len(bytes.TrimLeftFunc(b, func(r rune) bool { return r != utf8.RuneError }))
	return fmt.Errorf("line %d: not a text in UTF-8", newLineCounter(b).at(valid))
}

// collector gathers the entries of one file.
type collector struct {
	entries []Entry
	seen    map[string]place // by folded key, also of sections and lists
}

// place is where a key was first written.
type place struct {
	key  string
	line int
}

// twiceError is a key that the file has already, in the same case. Formats may say so
// in words of their own.
type twiceError struct{ first, second place }

func (e *twiceError) Error() string { return sameKey(e.first, e.second).Error() }

// key notes that a value, a section or a list is there.
func (c *collector) key(key string, line int) error {
	if strings.Count(key, Delimiter) >= MaxDepth {
		names := strings.SplitN(key, Delimiter, 4)
		return fmt.Errorf("line %d: %s:...: nested too deep; a key may have %d names",
			line, strings.Join(names[:3], Delimiter), MaxDepth)
	}
	folded := strings.ToLower(key)
	if first, ok := c.seen[folded]; ok {
		if first.key == key {
			return &twiceError{first, place{key, line}}
		}
		return sameKey(first, place{key, line})
	}
	if len(c.seen) == maxKeys {
		return fmt.Errorf("line %d: a file may have %d keys", line, maxKeys)
	}
	c.seen[folded] = place{key, line}
	return nil
}

func sameKey(a, b place) error {
	return fmt.Errorf("line %d: %s and line %d: %s are the same key; keep one", a.line, a.key, b.line, b.key)
}

// value adds the value of a key that was noted.
func (c *collector) value(key string, value any, line int) {
	c.entries = append(c.entries, Entry{Key: key, Value: value, Line: line})
}

// add notes a key with its value.
func (c *collector) add(key string, value any, line int) error {
	if err := c.key(key, line); err != nil {
		return err
	}
	c.value(key, value, line)
	return nil
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + Delimiter + name
}

// item is the key of an item of a list.
func item(list string, i int) string { return join(list, strconv.Itoa(i)) }

// float is a number as JSON writes it.
func float(f float64) (json.Number, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", fmt.Errorf("%v is not a number", f)
	}
	b, err := json.Marshal(f)
	return json.Number(b), err
}

func integer[T int | int64](i T) json.Number { return json.Number(strconv.FormatInt(int64(i), 10)) }

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

// column is that of an offset.
func column(text []byte, offset int) int { return offset - bytes.LastIndexByte(text[:offset], '\n') }
