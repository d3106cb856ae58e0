// Package configtag is the rule of the tag config:"name,option" of a struct field.
package configtag

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"
)

// Field is what a field is to the configuration.
type Field struct {
	Name   string // its key; that of the field if it has none
	Skip   bool   // it is not configured
	Squash bool   // its own fields are those of the struct around it
	Remain bool   // it takes the keys that no other field takes
}

// Of reads the tag of a field. A struct that is embedded, by value or by pointer,
// is squashed unless its tag names it.
func Of(f reflect.StructField) (Field, error) {
	tag := f.Tag.Get("config")
	name, option, _ := strings.Cut(tag, ",")
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	isStruct := t.Kind() == reflect.Struct
	field := Field{Name: cmp.Or(name, f.Name)}
	switch {
	case name == "-":
		field.Name, field.Skip = f.Name, true
	case option == "squash" && isStruct, option == "" && f.Anonymous && name == "" && isStruct:
		field.Squash = true
	case option == "remain" && f.Type.Kind() == reflect.Map && f.IsExported():
		field.Remain = true
	case option != "":
		return field, fmt.Errorf("field %s: the tag config:%q does not fit a %s", f.Name, tag, f.Type)
	case !f.IsExported():
		field.Skip = true
	}
	return field, nil
}
