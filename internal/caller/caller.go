// Package caller names lines of the application for messages.
package caller

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
)

// Frame is a function and the line it was at.
type Frame struct {
	Function string // with its import path, "" when there is none
	File     string
	Line     int
}

// Place is "file:line", or "unknown place".
func (f Frame) Place() string {
	if f.File == "" {
		return "unknown place"
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// Name is the function's name with its package but without the path before it.
func (f Frame) Name() string { return base(f.Function) }

func base(function string) string { return function[strings.LastIndex(function, "/")+1:] }

// Stack is where a call came from. It is cheap to take; the frames are looked
// up when they are asked for.
type Stack []uintptr

// Here is the stack of whoever calls the function that calls Here.
func Here() Stack {
	var pcs [16]uintptr
	return append(Stack(nil), pcs[:runtime.Callers(3, pcs[:])]...)
}

// Direct is who called.
func (s Stack) Direct() Frame {
	frame, _ := runtime.CallersFrames(s).Next()
	return Frame{frame.Function, frame.File, frame.Line}
}

// String is the place of the nearest caller outside of fxhost, whose functions
// call each other to register something.
func (s Stack) String() string {
	frames := runtime.CallersFrames(s)
	for {
		frame, more := frames.Next()
		if !Own(frame.Function, frame.File) {
			return Frame{frame.Function, frame.File, frame.Line}.Place()
		}
		if !more {
			return Frame{}.Place()
		}
	}
}

// Own tells whether a function belongs to fxhost. Tests count as the application.
func Own(function, file string) bool {
	name, _, _ := strings.Cut(base(function), ".")
	return strings.HasPrefix(function, "github.com/fxhost/fxhost/") &&
		!strings.HasSuffix(name, "_test") && !strings.HasSuffix(file, "_test.go")
}

// Panicked is called where a panic is recovered. It is the line of the function
// that was called by reflection, as constructors are, and led to the panic.
func Panicked() Frame {
	pcs := make([]uintptr, 512)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var called Frame
	for {
		frame, more := frames.Next()
		if frame.Function == "reflect.Value.call" {
			return called
		}
		if !more {
			return Frame{}
		}
		called = Frame{frame.Function, frame.File, frame.Line}
	}
}

// Function is the name of a function and the line that it begins at.
func Function(fn reflect.Value) string {
	f := runtime.FuncForPC(fn.Pointer())
	file, line := f.FileLine(f.Entry())
	return fmt.Sprintf("%s (%s:%d)", base(f.Name()), file, line)
}
