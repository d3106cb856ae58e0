package exit_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/fxhost/fxhost/internal/exit"
)

// coded is an error with an exit code.
type coded int

func (c coded) Error() string { return fmt.Sprintf("code %d", int(c)) }
func (c coded) ExitCode() int { return int(c) }

func TestCode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want int
	}{
		"nil":             {nil, 0},
		"any error":       {errors.New("broken"), 1},
		"coded":           {coded(3), 3},
		"too large":       {coded(256), 1},
		"negative":        {coded(-1), 1},
		"coded zero":      {coded(0), 0},
		"wrapped":         {fmt.Errorf("host: %w", coded(3)), 3},
		"joined":          {errors.Join(errors.New("broken"), coded(4)), 4},
		"first of two":    {errors.Join(coded(5), coded(6)), 5},
		"outer of nested": {outer{coded(8)}, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := exit.Code(test.err); got != test.want {
				t.Errorf("code %d, want %d", got, test.want)
			}
		})
	}
}

// outer has a code of its own and another one in its chain.
type outer struct{ error }

func (outer) ExitCode() int   { return 7 }
func (o outer) Unwrap() error { return o.error }
