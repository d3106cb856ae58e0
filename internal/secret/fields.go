package secret

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// Delimiter is between the names of a path, and Any stands for the name of any item of
// a list or map.
const (
	Delimiter = ":"
	Any       = "*"
)

// Name is what a field of a struct is called outside of the program. squash tells that
// its own fields are those of the struct around it.
type Name func(f reflect.StructField) (name string, squash, skip bool)

// JSONName is the name in JSON.
func JSONName(f reflect.StructField) (name string, squash, skip bool) {
	tag := f.Tag.Get("json")
	name, _, _ = strings.Cut(tag, ",")
	return cmp.Or(name, f.Name), f.Anonymous && name == "", tag == "-" || !f.IsExported() && !f.Anonymous
}

// FieldsOf returns the paths of the fields of t, in lower case, that are declared to be
// secret: by the tag secret:"true", or by a type, one of those of the examples. A type
// within itself is not looked at again.
func FieldsOf(t reflect.Type, name Name, types ...any) []string {
	c := collector{name: name, tag: "secret"}
	for _, example := range types {
		c.types = append(c.types, reflect.TypeOf(example))
	}
	c.collect(t, nil)
	return c.paths
}

// Fields is FieldsOf for T.
func Fields[T any](name Name, types ...any) []string {
	return FieldsOf(reflect.TypeFor[T](), name, types...)
}

type collector struct {
	name  Name
	tag   string
	types []reflect.Type
	outer []reflect.Type
	paths []string
}

func (c *collector) collect(t reflect.Type, path []string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if slices.Contains(c.types, t) {
		c.add(path)
		return
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		c.collect(t.Elem(), append(slices.Clone(path), Any))
	case reflect.Struct:
		if slices.Contains(c.outer, t) {
			return
		}
		c.outer = append(c.outer, t)
		for f := range t.Fields() {
			c.field(f, path)
		}
		c.outer = c.outer[:len(c.outer)-1]
	default:
	}
}

func (c *collector) field(f reflect.StructField, path []string) {
	name, squash, skip := c.name(f)
	switch {
	case skip:
	case squash:
		c.collect(f.Type, path)
	case f.Tag.Get(c.tag) == "true":
		c.add(append(slices.Clone(path), name))
	default:
		c.collect(f.Type, append(slices.Clone(path), name))
	}
}

func (c *collector) add(path []string) {
	c.paths = append(c.paths, strings.ToLower(strings.Join(path, Delimiter)))
}
