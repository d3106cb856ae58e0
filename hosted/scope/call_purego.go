//go:build !gc || purego

package scope

import "reflect"

type words struct{}

func (words) set(int, *any) {}

type signature struct{}

func signatureOf(reflect.Type) *signature { return nil }

func (*signature) call(any, *words) (any, error) { panic("scope: there are no direct calls") }

func idOf(t reflect.Type) uintptr { return reflect.ValueOf(t).Pointer() }

func neverCalled(_ reflect.Value, t reflect.Type) any {
	return reflect.MakeFunc(t, func([]reflect.Value) []reflect.Value { panic("scope: called what is never called") }).Interface()
}
