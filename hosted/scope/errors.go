package scope

import (
	"errors"
	"fmt"
	"strings"
)

// ErrClosed is the error of a Get after [Scope.Close].
var ErrClosed = errors.New("scope: closed")

// CycleError says that a value is needed to make itself.
type CycleError struct {
	// Chain has the constructors, each called for the one before it; the last is
	// the first again.
	Chain []string
}

func (e *CycleError) Error() string {
	return "scope: cycle: " + strings.Join(e.Chain, " needs ") +
		": break it by a scoped value that both take, or by a *scope.Scope that is asked later"
}

// PanicError is a panic of a constructor or closer, caught.
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

// cycle is the error for a maker that is asked for by s, which it was given
// itself, or which has to wait for it.
func cycle(maker *constructor, s *Scope) error {
	chain := []string{maker.String()}
	for view := s; view.maker != nil; view = view.parent {
		chain = append([]string{view.maker.String()}, chain...)
		if view.maker == maker {
			break
		}
	}
	return &CycleError{chain}
}
