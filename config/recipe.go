package config

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/fxhost/fxhost/hosted"
)

func newRecipe[T any](opts []OptionsOption[T]) recipe[T] {
	var r recipe[T]
	for _, o := range opts {
		o.applyTo(&r)
	}
	return r
}

// make makes the values of a section. Values that could not be read are not
// checked: what is missing in them would be found wrong a second time.
func (r recipe[T]) make(root *node, section string) (value *T, err error) {
	defer func() {
		// A file that somebody edits must not end a running program, not even
		// through a function that cannot cope with it.
		if p := recover(); p != nil {
			err = invalid(section, &hosted.PanicError{Value: p, Stack: debug.Stack()})
		}
	}()
	made := r.defaults
	if err := bind(root, section, &made, r.bind); err != nil {
		return nil, err
	}
	for _, f := range r.post {
		f(&made)
	}
	var errs []error
	for _, f := range r.validate {
		errs = append(errs, f(&made))
	}
	if v, ok := any(&made).(interface{ Validate() error }); ok {
		errs = append(errs, v.Validate())
	}
	for i, err := range errs {
		errs[i] = located(root, section, err)
	}
	return &made, errors.Join(errs...)
}

// located names the section in an error of a validator; a KeyError gets all that
// is known of its key.
func located(root *node, section string, err error) error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var errs []error
		for _, e := range joined.Unwrap() {
			errs = append(errs, located(root, section, e))
		}
		return errors.Join(errs...)
	}
	e, ok := err.(*KeyError) //nolint:errorlint // a wrapped one is told by the error around it
	if !ok {
		return invalid(section, err)
	}
	n := root.find(join(section, e.Key))
	if n == nil {
		return &KeyError{Key: join(section, e.Key), Value: e.Value, Source: e.Source, Err: e.Err, Hint: e.Hint}
	}
	complete := n.problem(e.Err)
	complete.Hint = e.Hint
	if _, ok := text(n.value); ok {
		complete.Value = n.shown()
	}
	return complete
}

func invalid(section string, err error) error {
	if section == "" {
		return fmt.Errorf("config: %w", err)
	}
	return fmt.Errorf("config: %s: %w", section, err)
}
