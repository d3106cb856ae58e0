package settingsfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

func parseYAML(c *collector, b []byte) error {
	decoder := yaml.NewDecoder(bytes.NewReader(b))
	var document, second yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil // nothing but comments
	}
	if err == nil {
		switch err = decoder.Decode(&second); {
		case err == nil:
			return fmt.Errorf("line %d: a second document begins here, and a file has one", second.Line)
		case errors.Is(err, io.EOF):
			err = nil
		}
	}
	if err != nil {
		return yamlError(b, err)
	}
	root := document.Content[0]
	r := &yamlReader{collector: c, open: map[*yaml.Node]bool{}}
	switch {
	case root.ShortTag() == "!!null":
		return nil
	case root.Kind != yaml.MappingNode:
		return errors.New("the root must be a mapping of keys to values")
	}
	return r.mapping("", root, false)
}

// cited is what errors of the parser cite of the text, which may be a secret.
var cited = regexp.MustCompile("`[^`]*`|anchor '[^']*'")

// yamlError brings an error of the parser into the form of ours.
func yamlError(b []byte, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	quote := cited.FindString(text)
	text = cited.ReplaceAllString(text, "...")
	if strings.HasPrefix(text, "line ") {
		return errors.New(text)
	}
	line := 1 // the only one that the parser does not name, but for an anchor
	if anchor := strings.Trim(strings.TrimPrefix(quote, "anchor "), "`'"); anchor != "" {
		line = newLineCounter(b).at(max(0, bytes.Index(b, []byte("*"+anchor))))
	}
	return fmt.Errorf("line %d: %s", line, text)
}

// yamlReader walks the nodes of a document.
type yamlReader struct {
	*collector
	open  map[*yaml.Node]bool // what the aliases on the way from the root stand for
	alias int                 // line of the first of them, where all that it stands for is, or 0
	over  int                 // keys of merged mappings that were there already
}

// line is that of a node, as a person sees it.
func (r *yamlReader) line(n *yaml.Node) int { return cmp.Or(r.alias, n.Line) }

// follow calls f with what an alias stands for, or with n itself.
func (r *yamlReader) follow(n *yaml.Node, f func(*yaml.Node) error) error {
	if n.Kind != yaml.AliasNode {
		return f(n)
	}
	if r.open[n.Alias] {
		return fmt.Errorf("line %d: an alias leads to itself", r.line(n))
	}
	before := r.alias
	r.alias, r.open[n.Alias] = r.line(n), true
	defer func() {
		r.alias = before
		delete(r.open, n.Alias)
	}()
	return f(n.Alias)
}

// value reads the value of a key that was noted.
func (r *yamlReader) value(key string, n *yaml.Node, line int) error {
	return r.follow(n, func(n *yaml.Node) error {
		switch {
		case n.Kind == yaml.MappingNode && len(n.Content) == 0:
			r.collector.value(key, EmptySection{}, line)
		case n.Kind == yaml.MappingNode:
			return r.mapping(key, n, false)
		case n.Kind == yaml.SequenceNode && len(n.Content) == 0:
			r.collector.value(key, EmptyList{}, line)
		case n.Kind == yaml.SequenceNode:
			for i, child := range n.Content {
				if err := r.child(item(key, i), child, r.line(child)); err != nil {
					return err
				}
			}
		default:
			value, err := scalar(n)
			if err != nil {
				return fmt.Errorf("line %d: %w", line, err)
			}
			if f, ok := value.(float64); ok {
				if value, err = float(f); err != nil {
					return fmt.Errorf("line %d: %s: %w", line, key, err)
				}
			}
			r.collector.value(key, value, line)
		}
		return nil
	})
}

func (r *yamlReader) child(key string, n *yaml.Node, line int) error {
	if err := r.key(key, line); err != nil {
		return err
	}
	return r.value(key, n, line)
}

// mapping reads the keys of a mapping, then those of the mappings that are merged
// into it, whose keys do not replace others.
func (r *yamlReader) mapping(key string, n *yaml.Node, merged bool) error {
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, line := n.Content[i], r.line(n.Content[i])
		if name.Kind == yaml.AliasNode {
			name = name.Alias
		}
		if name.ShortTag() == "!!merge" {
			merges = append(merges, n.Content[i+1])
			continue
		}
		if name.Kind != yaml.ScalarNode {
			return fmt.Errorf("line %d: a key must be a single value", line)
		}
		child := join(key, name.Value)
		if _, there := r.seen[strings.ToLower(child)]; merged && there {
			if r.over++; r.over > maxKeys {
				return fmt.Errorf("line %d: a file may merge %d keys", line, maxKeys)
			}
			continue
		}
		err := r.child(child, n.Content[i+1], line)
		if twice := (*twiceError)(nil); errors.As(err, &twice) && twice.first.key == child {
			return fmt.Errorf("line %d: mapping key %q already defined at line %d", line, name.Value, twice.first.line)
		} else if err != nil {
			return err
		}
	}
	for _, m := range merges {
		if err := r.merge(key, m); err != nil {
			return err
		}
	}
	return nil
}

func (r *yamlReader) merge(key string, n *yaml.Node) error {
	return r.follow(n, func(n *yaml.Node) error {
		switch n.Kind {
		case yaml.MappingNode:
			return r.mapping(key, n, true)
		case yaml.SequenceNode:
			for _, m := range n.Content {
				if err := r.merge(key, m); err != nil {
					return err
				}
			}
			return nil
		default:
			return fmt.Errorf("line %d: only mappings can be merged", r.line(n))
		}
	})
}

// scalar is the value of a node, with a float64 as it is.
func scalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!str":
		return n.Value, nil
	case "!!null":
		return nil, nil
	}
	var value any
	if err := n.Decode(&value); err != nil {
		_, text, _ := strings.Cut(err.Error(), "cannot decode ")
		return nil, errors.New("cannot decode " + cited.ReplaceAllString(text, "..."))
	}
	switch v := value.(type) {
	case string, bool, float64:
		return v, nil
	case int:
		return integer(v), nil
	case int64:
		return integer(v), nil
	case uint64:
		return json.Number(strconv.FormatUint(v, 10)), nil
	case time.Time:
		text, err := v.MarshalText()
		return string(text), err
	default:
		return nil, fmt.Errorf("a %T is not a setting", v)
	}
}
