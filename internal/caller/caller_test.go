package caller_test

import (
	"fmt"
	"runtime"
	"testing"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/caller"
)

// here stands for an exported function of fxhost.
func here() caller.Stack { return caller.Here() }

func TestHereIsTheLineOfTheCaller(t *testing.T) {
	t.Parallel()
	_, file, line, _ := runtime.Caller(0)
	stack := here()

	frame := stack.Outside()
	if frame.File != file || frame.Line != line+1 {
		t.Errorf("place %s, want %s:%d", frame.Place(), file, line+1)
	}
	if got, want := stack.String(), fmt.Sprintf("%s:%d", file, line+1); got != want {
		t.Errorf("String %s, want %s", got, want)
	}
	if got := frame.Name(); got != "caller_test.TestHereIsTheLineOfTheCaller" {
		t.Errorf("Name %s", got)
	}
}

func construct() caller.Stack { return here() }

// fx, dig and reflect call a constructor; the line is in the constructor.
func TestHereInAConstructorIsItsLine(t *testing.T) {
	t.Parallel()
	var stack caller.Stack
	if err := fx.New(fx.NopLogger, fx.Provide(construct), fx.Populate(&stack)).Err(); err != nil {
		t.Fatal(err)
	}
	if got := stack.Outside().Name(); got != "caller_test.construct" {
		t.Errorf("function %s", got)
	}
}

// What fx itself calls, as for a hook by annotation, is not where fx.New is.
func TestHereWithoutAConstructorIsUnknown(t *testing.T) {
	t.Parallel()
	var stack caller.Stack
	fx.New(fx.NopLogger, fx.Invoke(func() { stack = caller.Here() }))
	if got := stack.String(); got != "unknown place" {
		t.Errorf("place %s", got)
	}
}

func TestInside(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		function, file string
		want           bool
	}{
		{"github.com/fxhost/fxhost/hosted.AddInstance", "add.go", true},
		{"github.com/fxhost/fxhost/hosted/scope.Provide", "provide.go", true},
		{"github.com/fxhost/fxhost/hosted_test.TestX", "x_test.go", false},
		{"github.com/fxhost/fxhost/hosted.inside", "x_test.go", false},
		{"github.com/fxhost/fxhost/hostedx.F", "x.go", false},
		{"github.com/fxhost/fxhost/examples/worker.main", "main.go", false},
		{"go.uber.org/fx.New", "app.go", true},
		{"go.uber.org/fx/internal/lifecycle.(*Lifecycle).Append", "lifecycle.go", true},
		{"go.uber.org/fxtra.New", "app.go", false},
		{"reflect.Value.Call", "value.go", true},
		{"reflection.F", "f.go", false},
		{"reflect", "f.go", false},
		{"main.main", "main.go", false},
	} {
		if got := caller.Inside(test.function, test.file); got != test.want {
			t.Errorf("Inside(%q, %q) = %v", test.function, test.file, got)
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
