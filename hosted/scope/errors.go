package scope

import (
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"
)

// ErrClosed is returned by [Get] after [Scope.Close].
var ErrClosed = errors.New("scope: closed")

// CycleError says that a value needs itself, directly or through others.
type CycleError struct {
	// Chain has the constructors. Each is needed by the one before it; the last is the
	// first again.
	Chain []string
}

func (e *CycleError) Error() string {
	return "scope: cycle: " + strings.Join(e.Chain, " needs ") +
		": break it by a scoped value that both take, or by a *scope.Scope that is asked later"
}

// PanicError is a recovered panic of a constructor, a cleanup function or a Close
// method.
type PanicError struct {
	Constructor string // its name and place
	Value       any
	Stack       []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap returns the panic's value if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// panicked is the error for a panic of c with value.
func (c *constructor) panicked(value any) error {
	return c.fail(&PanicError{Constructor: c.String(), Value: value, Stack: debug.Stack()})
}

// bare is the text of an error that goes into one of ours.
func bare(err error) string { return strings.TrimPrefix(err.Error(), "scope: ") }

// MissingError says that a scoped or transient constructor takes a type that
// nothing provides.
type MissingError struct {
	Type        reflect.Type
	Name        string // of the value, "" if it has none
	Constructor string // its name and place
	Reason      error  // why fx cannot construct it, nil if that is not known
	advice      string // what to write, "" if that is not known
}

func (e *MissingError) Error() string {
	text := fmt.Sprintf("scope: %s needs %v, which nothing provides", e.Constructor, key{e.Type, e.Name})
	if e.Reason != nil {
		text += ": " + e.Reason.Error()
	}
	if e.advice != "" {
		return text + ": write " + e.advice
	}
	return text + fmt.Sprintf(": add a constructor of it with scope.Provide or fx.Provide, "+
		"or scope.Value[%v]() if scope.With gives it", e.Type)
}

func (e *MissingError) Unwrap() error { return e.Reason }
