package settingsfile

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"
)

// parseTOML checks what the parser of expressions leaves open: that no table or key
// is defined twice, and that numbers and dates are right.
func parseTOML(c *collector, b []byte) error {
	if err := checkBrackets(b); err != nil {
		return err
	}
	r := &tomlReader{collector: c, lines: newLineCounter(b)}
	r.Reset(b)
	root := &tomlTable{}
	current := root
	for r.NextExpression() {
		e := r.Expression()
		var err error
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			current, err = r.header(root, e)
		case unstable.KeyValue:
			err = r.keyValue(current, e)
		default: // a comment
		}
		if err != nil {
			return err
		}
	}
	if err := r.Error(); err != nil {
		if e := (*unstable.ParserError)(nil); errors.As(err, &e) {
			offset := int(r.Range(e.Highlight).Offset)
			return fmt.Errorf("line %d, column %d: %s", r.lines.at(offset), column(b, offset), e.Message)
		}
		return err
	}
	for _, t := range r.headers {
		if len(t.names) == 0 {
			r.value(t.key, EmptySection{}, t.line)
		}
	}
	return nil
}

// checkBrackets refuses what the parser, which has no limit, would follow until the
// stack is full, and that ends the process. Brackets in strings count, too: no
// text has so many.
func checkBrackets(b []byte) error {
	const limit = 10_000 // that of encoding/json
	depth := 0
	for i, c := range b {
		switch c {
		case '[', '{':
			if depth++; depth > limit {
				return fmt.Errorf("line %d: nested too deep; a key may have %d names", newLineCounter(b).at(i), MaxDepth)
			}
		case ']', '}':
			depth = max(0, depth-1)
		}
	}
	return nil
}

type tomlReader struct {
	*collector
	unstable.Parser
	lines   *lineCounter
	section int          // number of the present [table]
	headers []*tomlTable // that may be empty
}

type tomlKind int

const (
	tomlImplicit tomlKind = iota // named on the way to another table
	tomlHeader                   // a [table], or one of [[tables]]
	tomlDotted                   // named on the way to a value
	tomlList                     // [[tables]]
	tomlValue                    // also an inline table
)

// tomlTable is what a key stands for.
type tomlTable struct {
	key     string
	line    int
	kind    tomlKind
	section int // in which a dotted key has made it
	names   map[string]*tomlTable
	items   []*tomlTable // of a list
}

// add makes the table of a name that is not there yet.
func (r *tomlReader) add(t *tomlTable, name string, kind tomlKind, line int) (*tomlTable, error) {
	child := &tomlTable{key: join(t.key, name), line: line, kind: kind, section: r.section}
	if t.names == nil {
		t.names = map[string]*tomlTable{}
	}
	t.names[name] = child
	return child, r.key(child.key, line)
}

// part is one name of a dotted key.
func (r *tomlReader) part(n *unstable.Node) (name string, line int) {
	return string(n.Data), r.lines.at(int(n.Raw.Offset))
}

// header returns the table that [table] or [[table]] opens.
func (r *tomlReader) header(t *tomlTable, e *unstable.Node) (*tomlTable, error) {
	r.section++
	parts := e.Key()
	for parts.Next() {
		name, line := r.part(parts.Node())
		child := t.names[name]
		var err error
		switch {
		case !parts.IsLast() && child == nil:
			child, err = r.add(t, name, tomlImplicit, line)
		case !parts.IsLast() && child.kind == tomlList:
			child = child.items[len(child.items)-1]
		case !parts.IsLast() && child.kind == tomlValue:
			err = fmt.Errorf("line %d: %s is a value and no table", line, child.key)
		case !parts.IsLast():
		case e.Kind == unstable.ArrayTable:
			if child == nil {
				child, err = r.add(t, name, tomlList, line)
			} else if child.kind != tomlList {
				err = fmt.Errorf("line %d: %s is already defined, and is no list of tables", line, child.key)
			}
			if err == nil {
				child, err = r.item(child, line)
			}
		case child == nil:
			child, err = r.add(t, name, tomlHeader, line)
			r.headers = append(r.headers, child)
		case child.kind != tomlImplicit:
			err = fmt.Errorf("line %d: table %s is already defined", line, child.key)
		default:
			child.kind = tomlHeader
		}
		if err != nil {
			return nil, err
		}
		t = child
	}
	return t, nil
}

// item adds one of [[tables]].
func (r *tomlReader) item(list *tomlTable, line int) (*tomlTable, error) {
	t := &tomlTable{key: item(list.key, len(list.items)), line: line, kind: tomlHeader}
	list.items = append(list.items, t)
	r.headers = append(r.headers, t)
	return t, r.key(t.key, line)
}

func (r *tomlReader) keyValue(t *tomlTable, e *unstable.Node) error {
	parts := e.Key()
	for parts.Next() {
		name, line := r.part(parts.Node())
		child := t.names[name]
		var err error
		switch {
		case parts.IsLast() && child != nil:
			err = fmt.Errorf("line %d: key %s is already defined", line, child.key)
		case parts.IsLast():
			if child, err = r.add(t, name, tomlValue, line); err == nil {
				err = r.read(child.key, e.Value(), line)
			}
		case child == nil:
			child, err = r.add(t, name, tomlDotted, line)
		case child.kind == tomlValue || child.kind == tomlList:
			err = fmt.Errorf("line %d: %s is a value and no table", line, child.key)
		case child.kind == tomlHeader || child.kind == tomlDotted && child.section != r.section:
			err = fmt.Errorf("line %d: table %s is already defined", line, child.key)
		}
		if err != nil {
			return err
		}
		t = child
	}
	return nil
}

// read reads the value of a key that was noted.
func (r *tomlReader) read(key string, n *unstable.Node, line int) error {
	empty := n.Child() == nil
	switch {
	case n.Kind == unstable.Array && empty:
		r.value(key, EmptyList{}, line)
	case n.Kind == unstable.InlineTable && empty:
		r.value(key, EmptySection{}, line)
	case n.Kind == unstable.Array:
		i := 0
		for items := n.Children(); items.Next(); i++ {
			at := line
			if c := items.Node(); c.Raw.Length > 0 {
				at = r.lines.at(int(c.Raw.Offset))
			}
			if err := r.key(item(key, i), at); err != nil {
				return err
			}
			if err := r.read(item(key, i), items.Node(), at); err != nil {
				return err
			}
		}
	case n.Kind == unstable.InlineTable:
		r.section++ // what it defines cannot be added to
		t := &tomlTable{key: key}
		for values := n.Children(); values.Next(); {
			if err := r.keyValue(t, values.Node()); err != nil {
				return err
			}
		}
	default:
		value, err := tomlScalar(n)
		if err != nil {
			return fmt.Errorf("line %d: %s: %w", line, key, err)
		}
		r.value(key, value, line)
	}
	return nil
}

var (
	tomlInteger = regexp.MustCompile(`^[+-]?(0|[1-9](_?[0-9])*)$|^0x[0-9a-fA-F](_?[0-9a-fA-F])*$|^0o[0-7](_?[0-7])*$|^0b[01](_?[01])*$`)
	tomlFloat   = regexp.MustCompile(`^[+-]?(0|[1-9](_?[0-9])*)(\.[0-9](_?[0-9])*)?([eE][+-]?[0-9](_?[0-9])*)?$`)
	tomlSpecial = regexp.MustCompile(`^[+-]?(inf|nan)$`)
)

func tomlScalar(n *unstable.Node) (any, error) {
	text := string(n.Data)
	switch n.Kind {
	case unstable.String:
		return text, nil
	case unstable.Bool:
		return text == "true", nil
	case unstable.Integer:
		i, err := strconv.ParseInt(text, 0, 64)
		if err != nil || !tomlInteger.MatchString(text) {
			return nil, errors.New("want an integer of 64 bits")
		}
		return integer(i), nil
	case unstable.Float:
		if tomlSpecial.MatchString(text) {
			return nil, fmt.Errorf("%s is not a number", text)
		}
		f, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
		if err != nil || !tomlFloat.MatchString(text) {
			return nil, errors.New("want a floating-point number of 64 bits")
		}
		return float(f)
	default:
		return tomlTime(n.Kind, text)
	}
}

// tomlTime checks a date or time.
func tomlTime(kind unstable.Kind, text string) (any, error) {
	layout := map[unstable.Kind]string{
		unstable.DateTime:      "2006-01-02T15:04:05",
		unstable.LocalDateTime: "2006-01-02T15:04:05",
		unstable.LocalDate:     time.DateOnly,
		unstable.LocalTime:     time.TimeOnly,
	}[kind]
	date := len(time.DateOnly)
	if len(text) > date && kind != unstable.LocalTime && strings.ContainsAny(text[date:date+1], "Tt ") {
		text = text[:date] + "T" + strings.ToUpper(text[date+1:])
	}
	zone := ""
	if kind == unstable.DateTime {
		zone = "Z07:00"
	}
	t, err := time.Parse(layout+zone, text) // which takes a fraction of a second, too
	if err != nil || layout == "" || !strings.HasPrefix(text, t.Format(layout)) {
		return nil, errors.New("want a date or a time")
	}
	if kind == unstable.DateTime {
		return t.Format(time.RFC3339Nano), nil
	}
	return text, nil // with as many digits as were written
}
