//go:build gc && !purego

package scope

import (
	"reflect"
	"unsafe"
)

// reflect.Value.Call costs as much as all else that a scope does for a small
// constructor. A constructor that takes and makes pointers only, as most do, is
// called without it: as a function of unsafe.Pointers. This is sound because
// the calling convention of the Go compiler passes all pointers alike, whatever
// they point to, and the words that are passed are those of values whose types
// were compared when the graph was compiled. The build tag purego, and any other
// compiler, leave it to reflection.

// maxDirect is how many parameters a direct call may have.
const maxDirect = 4

// face is what an interface{} consists of.
type face struct{ t, word word }

type word = unsafe.Pointer

func faceOf(value *any) *face { return (*face)(unsafe.Pointer(value)) }

// newDirect returns what calls fn directly, nil if its type does not allow that.
func newDirect(fn reflect.Value) func(*constructor, *Scope) (any, error) {
	t := fn.Type()
	fails := t.NumOut() == 2 && t.Out(1) == reflect.TypeFor[error]()
	if t.NumIn() > maxDirect || t.NumOut() == 0 || t.NumOut() > 1 && !fails || !isPointer(t.Out(0)) {
		return nil
	}
	for i := range t.NumIn() {
		if !isPointer(t.In(i)) {
			return nil
		}
	}
	function, made := fn.Interface(), reflect.Zero(t.Out(0)).Interface()
	code := faceOf(&function).word
	return func(c *constructor, s *Scope) (any, error) {
		var words [maxDirect]word
		for i, n := range c.args {
			value, err := n.get(s)
			if err != nil {
				return nil, err
			}
			words[i] = faceOf(&value).word
		}
		result := made
		if !fails {
			faceOf(&result).word = call(code, len(c.args), &words)
			return result, nil
		}
		word, err := callFailing(code, len(c.args), &words)
		if err != nil {
			return nil, c.fail(err)
		}
		faceOf(&result).word = word
		return result, nil
	}
}

// isPointer tells the types whose values are one pointer, in an interface too.
func isPointer(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Chan, reflect.Func:
		return true
	default:
		return false
	}
}

func call(code word, params int, w *[maxDirect]word) word {
	switch fn := word(&code); params {
	case 0:
		return (*(*func() word)(fn))()
	case 1:
		return (*(*func(word) word)(fn))(w[0])
	case 2:
		return (*(*func(word, word) word)(fn))(w[0], w[1])
	case 3:
		return (*(*func(word, word, word) word)(fn))(w[0], w[1], w[2])
	default:
		return (*(*func(word, word, word, word) word)(fn))(w[0], w[1], w[2], w[3])
	}
}

func callFailing(code word, params int, w *[maxDirect]word) (word, error) {
	switch fn := word(&code); params {
	case 0:
		return (*(*func() (word, error))(fn))()
	case 1:
		return (*(*func(word) (word, error))(fn))(w[0])
	case 2:
		return (*(*func(word, word) (word, error))(fn))(w[0], w[1])
	case 3:
		return (*(*func(word, word, word) (word, error))(fn))(w[0], w[1], w[2])
	default:
		return (*(*func(word, word, word, word) (word, error))(fn))(w[0], w[1], w[2], w[3])
	}
}
