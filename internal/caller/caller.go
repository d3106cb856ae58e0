// Package caller finds the line of the application that called into fxhost.
package caller

import (
	"fmt"
	"runtime"
	"strings"
)

// Frame is a function of the application and the line it was at.
type Frame struct {
	Function string // with its import path, "" when no frame was found
	File     string
	Line     int
}

// Place is "file:line", or "unknown place" when no frame was found.
func (f Frame) Place() string {
	if f.File == "" {
		return "unknown place"
	}
	return fmt.Sprintf("%s:%d", f.File, f.Line)
}

// Name is the function's name with its package but without the path before it.
func (f Frame) Name() string {
	return f.Function[strings.LastIndex(f.Function, "/")+1:]
}

// Stack is where a call came from. It is cheap to take; the frames are looked
// up when they are asked for.
type Stack []uintptr

// Here is the stack of whoever calls the function that calls Here.
func Here() Stack {
	var pcs [16]uintptr
	return append(Stack(nil), pcs[:runtime.Callers(3, pcs[:])]...)
}

// Outside returns the nearest frame that belongs neither to fxhost nor to what
// calls constructors: fx, dig and reflect.
func (s Stack) Outside() Frame {
	frames := runtime.CallersFrames(s)
	for {
		frame, more := frames.Next()
		if frame.Function == "go.uber.org/fx.New" {
			return Frame{} // who called that has nothing to do with it
		}
		if frame.Function != "" && !Inside(frame.Function, frame.File) {
			return Frame{Function: frame.Function, File: frame.File, Line: frame.Line}
		}
		if !more {
			return Frame{}
		}
	}
}

// String is the place of Outside.
func (s Stack) String() string { return s.Outside().Place() }

// Inside tells the functions that Outside passes over. Test files count as the
// application.
func Inside(function, file string) bool {
	if strings.HasSuffix(file, "_test.go") {
		return false
	}
	for _, prefix := range []string{
		"github.com/fxhost/fxhost/hosted", "github.com/fxhost/fxhost/background", "github.com/fxhost/fxhost/host",
		"github.com/fxhost/fxhost/config", "github.com/fxhost/fxhost/logging", "github.com/fxhost/fxhost/internal", "go.uber.org/fx", "go.uber.org/dig", "reflect",
	} {
		if strings.HasPrefix(function, prefix+".") || strings.HasPrefix(function, prefix+"/") {
			return true
		}
	}
	return false
}
