package config

import (
	"cmp"
	"reflect"
	"strings"
)

// What a default leads to may be shared: by the next value that is made of it,
// and by the one before, which others are reading. So nothing is written to it:
// before mapstructure goes down a pointer or into a map, that is replaced by one
// to a copy. Lists are replaced anyway.

func ownCopy(to reflect.Value) {
	switch {
	case !to.CanSet() || to.Kind() != reflect.Pointer && to.Kind() != reflect.Map || to.IsNil():
	case to.Kind() == reflect.Pointer:
		c := reflect.New(to.Type().Elem())
		c.Elem().Set(to.Elem())
		to.Set(c)
	default:
		c := reflect.MakeMapWithSize(to.Type(), to.Len())
		for key, value := range to.Seq2() {
			c.SetMapIndex(key, value)
		}
		to.Set(c)
	}
}

// ownFields is ownCopy for the fields of a struct that a section has keys for,
// also of structs embedded in it: mapstructure does not call the hook for them.
// Other fields, such as a client that a default carries, stay the same.
func ownFields(v reflect.Value, n *node) {
	for i := range v.NumField() {
		field, t := v.Field(i), v.Type().Field(i)
		name, option, _ := strings.Cut(t.Tag.Get("config"), ",")
		embedded := t.Anonymous || option == "squash"
		if !embedded && option != "remain" && n.children[fold(cmp.Or(name, t.Name))] == nil {
			continue
		}
		ownCopy(field)
		if field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		if embedded && field.Kind() == reflect.Struct {
			ownFields(field, n)
		}
	}
}
