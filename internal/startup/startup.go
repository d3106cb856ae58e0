// Package startup holds the checks of an application that come before its first
// hosted service is constructed.
package startup

import (
	"cmp"
	"errors"
	"slices"

	"go.uber.org/fx"
)

// Check is one thing that was checked. Constructors give it to fx in the value
// group of [Checks], with what they found; they do not fail themselves, so that
// all failures can be told at once.
type Check struct {
	Name string // the checks are told in the order of their names
	Err  error
}

// Result is what a constructor of a Check returns.
type Result struct {
	fx.Out

	Check Check `group:"fxhost.startup"`
}

// Checks are all checks of an application.
type Checks struct {
	fx.In

	All []Check `group:"fxhost.startup"`
}

// Err joins what is wrong, as an *[Error]; nil if nothing is.
func (c Checks) Err() error {
	checks := slices.SortedFunc(slices.Values(c.All), func(a, b Check) int { return cmp.Compare(a.Name, b.Name) })
	var errs []error
	for _, check := range checks {
		errs = append(errs, check.Err)
	}
	if err := errors.Join(errs...); err != nil {
		return &Error{err}
	}
	return nil
}

// Error is the failure of checks. It says all there is to say.
type Error struct{ Err error }

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }
