package config

import (
	"github.com/pelletier/go-toml/v2/unstable"
	"go.yaml.in/yaml/v3"
)

// The codecs of YAML and TOML forget where a value was. What follows reads a
// text that they have accepted once more, for the lines alone: a key that it does
// not find has none.

func yamlLines(b []byte) map[string]int {
	lines := map[string]int{}
	var document yaml.Node
	if yaml.Unmarshal(b, &document) == nil && len(document.Content) > 0 {
		addYAML(lines, "", document.Content[0])
	}
	return lines
}

// addYAML does not follow aliases, which may lead to themselves.
func addYAML(lines map[string]int, key string, n *yaml.Node) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			child := join(key, n.Content[i].Value)
			lines[child] = n.Content[i].Line
			addYAML(lines, child, n.Content[i+1])
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			lines[item(key, i)] = c.Line
			addYAML(lines, item(key, i), c)
		}
	default: // has no keys
	}
}

func tomlLines(b []byte) map[string]int { return readTOML(b).lines }

// twiceInTOML is the line of the first key that was there already, or 0.
func twiceInTOML(b []byte) int { return readTOML(b).twice }

func readTOML(b []byte) *tomlReader {
	t := &tomlReader{lines: map[string]int{}, counter: newLineCounter(b), tables: map[string]int{}}
	t.Reset(b)
	table := ""
	for t.NextExpression() {
		e := t.Expression()
		switch e.Kind {
		case unstable.Table:
			table = t.key("", e.Key())
		case unstable.ArrayTable:
			list := t.key("", e.Key())
			table = item(list, t.tables[list])
			t.tables[list]++
		case unstable.KeyValue:
			t.add(table, e)
		default: // a comment
		}
	}
	return t
}

type tomlReader struct {
	unstable.Parser
	lines   map[string]int
	counter *lineCounter
	tables  map[string]int // how many [[tables]] of a name there were
	twice   int            // line of the first key that was there already
}

// key returns the whole key of a dotted one below parent. A table within
// [[tables]] is in the last of them.
func (t *tomlReader) key(parent string, parts unstable.Iterator) string {
	for parts.Next() {
		n := parts.Node()
		if count := t.tables[parent]; parent != "" && count > 0 {
			parent = item(parent, count-1)
		}
		parent = join(parent, string(n.Data))
		t.lines[parent] = t.counter.at(int(n.Raw.Offset))
	}
	return parent
}

func (t *tomlReader) add(parent string, keyValue *unstable.Node) {
	before := len(t.lines)
	key := t.key(parent, keyValue.Key())
	if len(t.lines) == before && t.twice == 0 {
		t.twice = t.lines[key]
	}
	switch value := keyValue.Value(); value.Kind {
	case unstable.InlineTable:
		for children := value.Children(); children.Next(); {
			t.add(key, children.Node())
		}
	case unstable.Array:
		i := 0
		for children := value.Children(); children.Next(); i++ {
			if c := children.Node(); c.Raw.Length > 0 {
				t.lines[item(key, i)] = t.counter.at(int(c.Raw.Offset))
			}
		}
	default: // has no keys
	}
}
