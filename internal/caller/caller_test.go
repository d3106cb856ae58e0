package caller_test

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/fxhost/fxhost/internal/caller"
)

// here stands for an exported function of fxhost.
func here() caller.Stack { return caller.Here() }

func TestHereIsTheLineOfTheCaller(t *testing.T) {
	t.Parallel()
	_, file, line, _ := runtime.Caller(0)
	stack := here()

	want := fmt.Sprintf("%s:%d", file, line+1)
	if got := stack.String(); got != want {
		t.Errorf("String %s, want %s", got, want)
	}
	if frame := stack.Direct(); frame.Place() != want || frame.Name() != "caller_test.TestHereIsTheLineOfTheCaller" {
		t.Errorf("Direct %+v", frame)
	}
}

func TestOwn(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		function, file string
		want           bool
	}{
		{"github.com/fxhost/fxhost/hosted.AddInstance", "add.go", true},
		{"github.com/fxhost/fxhost/hosted/scope.Provide", "provide.go", true},
		{"github.com/fxhost/fxhost/hosted_test.TestX", "x_test.go", false},
		{"github.com/fxhost/fxhost/hosted.inside", "x_test.go", false},
		{"github.com/fxhost/fxhostess.F", "x.go", false},
		{"go.uber.org/fx.New", "app.go", false},
		{"main.main", "main.go", false},
	} {
		if got := caller.Own(test.function, test.file); got != test.want {
			t.Errorf("Own(%q, %q) = %v", test.function, test.file, got)
		}
	}
}

func TestUnknownPlaceHasAName(t *testing.T) {
	t.Parallel()
	if got := caller.Stack(nil).String(); got != "unknown place" {
		t.Errorf("place %q", got)
	}
	if got := (caller.Frame{}).Name(); got != "" {
		t.Errorf("name %q", got)
	}
}

func repeat(n int) string { return strings.Repeat("x", n) }

func construct() { _ = repeat(-1) }

// The panic is in package strings; the constructor is what called it.
func TestPanickedIsTheLineOfTheConstructor(t *testing.T) {
	t.Parallel()
	recovered := func(fn any) (at caller.Frame) {
		defer func() {
			if recover() != nil {
				at = caller.Panicked()
			}
		}()
		reflect.ValueOf(fn).Call(nil)
		return caller.Frame{}
	}
	at := recovered(construct)
	if at.Name() != "caller_test.construct" || !strings.HasSuffix(at.File, "caller_test.go") {
		t.Errorf("got %+v", at)
	}
	through := reflect.MakeFunc(reflect.TypeFor[func()](), func([]reflect.Value) []reflect.Value {
		return reflect.ValueOf(construct).Call(nil)
	})
	if at := recovered(through.Interface()); at.Name() != "caller_test.construct" {
		t.Errorf("through another: got %+v", at)
	}
}

func TestFunctionHasItsNameAndLine(t *testing.T) {
	t.Parallel()
	if got := caller.Function(reflect.ValueOf(construct)); !strings.HasPrefix(got, "caller_test.construct (") ||
		!strings.Contains(got, "caller_test.go:") {
		t.Errorf("got %s", got)
	}
}
