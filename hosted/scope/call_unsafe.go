//go:build gc && !purego

package scope

import (
	"reflect"
	"unsafe"
)

// All unsafe code of this package is in this file. The build tag purego, and any
// compiler but gc, use call_purego.go instead.
//
// reflect.Value.Call costs as much as all else that a scope does for a small
// constructor, and allocates. Most constructors take and return pointers only.
// These are called as functions of unsafe.Pointers. Why that is sound:
//
//   - A pointer, map, channel or function is one machine word that the garbage
//     collector treats as a pointer. The calling convention passes and returns
//     all such words alike, whatever they point to, so func(*A, map[K]V) (*B, error)
//     and func(unsafe.Pointer, unsafe.Pointer) (unsafe.Pointer, error) are called
//     in the same way. [signatureOf] admits no other types.
//   - The words are always typed unsafe.Pointer, never uintptr: the collector sees
//     them, and a stack that grows adjusts them.
//   - An interface{} is two words, the type and the value. If the type is one of
//     those above, the second word is the value itself.
//   - The argument for a parameter of type T comes from a node whose type is T: the
//     graph finds nodes by type. So no value is seen as another type.
//
// TestConstructorsOfAllShapes, TestResultsOfAllKinds and
// TestArgumentsSurviveGarbageCollection compare this with what reflection does;
// the race detector's builds check the conversions (-d=checkptr).

// maxWords is how many parameters a function may have that is called directly.
const maxWords = 4

type word = unsafe.Pointer

// words are the arguments of a function that is called directly.
type words [maxWords]word

func (w *words) set(i int, value *any) { w[i] = wordsOf(value).value }

// interfaceWords is what an interface{} consists of.
type interfaceWords struct{ typ, value word }

func wordsOf(value *any) *interfaceWords { return (*interfaceWords)(unsafe.Pointer(value)) }

// signature is how to call functions of one type directly.
type signature struct {
	typ  word // of the value that is returned, nil if there is none
	form int  // what is returned, plus how many parameters there are
}

// What a function returns, times the number of forms of parameters.
const (
	nothing = iota * (maxWords + 1)
	anError
	aValue
	aValueOrError
)

// signatureOf returns nil if functions of type t need reflection.
func signatureOf(t reflect.Type) *signature {
	if t.NumIn() > maxWords || t.IsVariadic() {
		return nil
	}
	for i := range t.NumIn() {
		if !isWord(t.In(i)) {
			return nil
		}
	}
	last := t.NumOut() - 1
	fails := last >= 0 && t.Out(last) == reflect.TypeFor[error]()
	switch {
	case last < 0:
		return &signature{nil, nothing + t.NumIn()}
	case last == 0 && fails:
		return &signature{nil, anError + t.NumIn()}
	case last == 0 && isWord(t.Out(0)):
		return &signature{typeWord(t.Out(0)), aValue + t.NumIn()}
	case last == 1 && fails && isWord(t.Out(0)):
		return &signature{typeWord(t.Out(0)), aValueOrError + t.NumIn()}
	default:
		return nil
	}
}

func typeWord(t reflect.Type) word {
	zero := reflect.Zero(t).Interface()
	return wordsOf(&zero).typ
}

func isWord(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func:
		return true
	default:
		return false
	}
}

// call calls fn, a function of this signature.
func (s *signature) call(fn any, w *words) (value any, err error) {
	code := wordsOf(&fn).value
	f, result := word(&code), word(nil)
	switch s.form {
	case nothing + 0:
		(*(*func())(f))()
	case nothing + 1:
		(*(*func(word))(f))(w[0])
	case nothing + 2:
		(*(*func(word, word))(f))(w[0], w[1])
	case nothing + 3:
		(*(*func(word, word, word))(f))(w[0], w[1], w[2])
	case nothing + 4:
		(*(*func(word, word, word, word))(f))(w[0], w[1], w[2], w[3])
	case anError + 0:
		err = (*(*func() error)(f))()
	case anError + 1:
		err = (*(*func(word) error)(f))(w[0])
	case anError + 2:
		err = (*(*func(word, word) error)(f))(w[0], w[1])
	case anError + 3:
		err = (*(*func(word, word, word) error)(f))(w[0], w[1], w[2])
	case anError + 4:
		err = (*(*func(word, word, word, word) error)(f))(w[0], w[1], w[2], w[3])
	case aValue + 0:
		result = (*(*func() word)(f))()
	case aValue + 1:
		result = (*(*func(word) word)(f))(w[0])
	case aValue + 2:
		result = (*(*func(word, word) word)(f))(w[0], w[1])
	case aValue + 3:
		result = (*(*func(word, word, word) word)(f))(w[0], w[1], w[2])
	case aValue + 4:
		result = (*(*func(word, word, word, word) word)(f))(w[0], w[1], w[2], w[3])
	case aValueOrError + 0:
		result, err = (*(*func() (word, error))(f))()
	case aValueOrError + 1:
		result, err = (*(*func(word) (word, error))(f))(w[0])
	case aValueOrError + 2:
		result, err = (*(*func(word, word) (word, error))(f))(w[0], w[1])
	case aValueOrError + 3:
		result, err = (*(*func(word, word, word) (word, error))(f))(w[0], w[1], w[2])
	case aValueOrError + 4:
		result, err = (*(*func(word, word, word, word) (word, error))(f))(w[0], w[1], w[2], w[3])
	}
	*wordsOf(&value) = interfaceWords{s.typ, result}
	return value, err
}

// idOf tells types apart: it is the address of the type's description, the second
// word of the reflect.Type. Types are never moved or freed.
func idOf(t reflect.Type) uintptr { return (*[2]uintptr)(unsafe.Pointer(&t))[1] }

// neverCalled returns a function of type t that has the code of fn, so that fx's
// messages name fn and its line. Nothing may call it; that a function value is one
// word makes it safe to hold.
func neverCalled(fn reflect.Value, t reflect.Type) any {
	value := reflect.New(fn.Type())
	value.Elem().Set(fn)
	return reflect.NewAt(t, value.UnsafePointer()).Elem().Interface()
}
