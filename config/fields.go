package config

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/fxhost/fxhost/internal/configtag"
)

// structFields are those of a struct and of the structs squashed into it.
type structFields struct {
	keys   []field
	names  []string // of keys
	remain *field   // takes all others, or nil
}

type field struct {
	folded string // its key
	index  []int  // as in reflect.Value.FieldByIndex
}

// has tells whether a field takes a key.
func (f *structFields) has(folded string) bool {
	return slices.ContainsFunc(f.keys, func(k field) bool { return k.folded == folded })
}

// in is the field in a struct; pointers on the way are to structs of its own.
func (f field) in(v reflect.Value) reflect.Value {
	for i, x := range f.index {
		if i > 0 && v.Kind() == reflect.Pointer {
			own(v)
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

func (b *binder) fieldsOf(t reflect.Type) *structFields {
	known := b.fields[t]
	if known == nil {
		known = &structFields{}
		b.fields[t] = known // also for a struct that is embedded in itself
		b.collect(known, t, nil, nil)
	}
	return known
}

func (b *binder) collect(all *structFields, t reflect.Type, index []int, outer []reflect.Type) {
	if slices.Contains(outer, t) {
		return // a struct that embeds itself
	}
	for i := range t.NumField() {
		structField := t.Field(i)
		tag, err := configtag.Of(structField)
		if err != nil && b.misuse == nil {
			b.misuse = err
		}
		at := append(slices.Clone(index), i)
		switch {
		case tag.Skip || err != nil:
		case tag.Squash && structField.Type.Kind() == reflect.Pointer && !structField.IsExported():
			b.misuse = fmt.Errorf("field %s: reflection cannot set an embedded pointer to a struct that is not exported", structField.Name)
		case tag.Squash && structField.Type.Kind() == reflect.Pointer:
			b.collect(all, structField.Type.Elem(), at, append(outer, t))
		case tag.Squash:
			b.collect(all, structField.Type, at, append(outer, t))
		case tag.Remain:
			all.remain = &field{index: at}
		default:
			all.keys = append(all.keys, field{fold(tag.Name), at})
			all.names = append(all.names, tag.Name)
		}
	}
}
