package scope

import (
	"errors"
	"fmt"
	"slices"
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

// cycle is the error for who runs these constructors, the innermost first, and
// so cannot have the first of path, because the last of it is one of them.
func cycle(running, path []*constructor) error {
	all := slices.Clone(running[:slices.Index(running, path[len(path)-1])+1])
	slices.Reverse(all)
	found := &CycleError{}
	for _, link := range append(all, path...) {
		found.Chain = append(found.Chain, link.String())
	}
	return found
}

// bare is the text of an error that goes into one of ours.
func bare(err error) string { return strings.TrimPrefix(err.Error(), "scope: ") }
