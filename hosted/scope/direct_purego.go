//go:build !gc || purego

package scope

import "reflect"

func newDirect(reflect.Value) func(*constructor, *Scope) (any, error) { return nil }
