package config

import (
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/spelling"
)

// Option is an option of [Configure], [ConfigureNamed] and [NewMonitor].
type Option[T any] interface{ applyTo(*options[T]) }

type option[T any] func(*options[T])

func (o option[T]) applyTo(to *options[T]) { o(to) }

// options are how a T is made: the default, the section, every post, then every
// validate.
type options[T any] struct {
	name     string            // of the section, see ConfigureNamed
	sections map[string]string // of all names
	defaults T
	required bool
	post     []func(*T)
	validate []func(*T) error
	err      error // of the options themselves
}

// Default sets the values of keys that no source has. What value points to is never
// written to.
func Default[T any](value T) Option[T] {
	return option[T](func(o *options[T]) { o.defaults = value })
}

// Required makes it an error if no source has the section.
func Required[T any]() Option[T] {
	return option[T](func(o *options[T]) { o.required = true })
}

// PostConfigure calls f to complete the values after the section is read and before
// they are checked. Several run in the order in which they are given. f may replace
// a map, list or pointer, but must not write into one, because it may belong to the
// Default.
func PostConfigure[T any](f func(*T)) Option[T] {
	return option[T](func(o *options[T]) { o.post = append(o.post, f) })
}

// Validate calls f to check the values each time they are read. All validators run,
// and their errors are reported together. f may return a [*KeyError] with a Key relative
// to the section; the value, the source and the line of that key are added to it:
//
//	return &config.KeyError{Key: "Interval", Err: errors.New("must be less than Timeout")}
//
// If T has a method Validate() error, that is called as well. f must neither change
// the values nor reload the Manager.
func Validate[T any](f func(*T) error) Option[T] {
	return option[T](func(o *options[T]) { o.validate = append(o.validate, f) })
}

// ForName applies options to the values of one name only, see [ConfigureNamed].
func ForName[T any](name string, opts ...Option[T]) Option[T] {
	return option[T](func(o *options[T]) {
		if _, ok := o.sections[name]; !ok {
			o.err = errors.Join(o.err, fmt.Errorf("config: ForName(%q): there is no section of that name; there are %q",
				name, slices.Sorted(maps.Keys(o.sections))))
		}
		if name == o.name {
			o.apply(opts)
		}
	})
}

func (o *options[T]) apply(opts []Option[T]) {
	for _, opt := range opts {
		opt.applyTo(o)
	}
}

// value returns the values of a section. Values that could not be read are not
// checked: a missing one would be reported a second time.
func (o *options[T]) value(root *node, section string, claimed sections) (value *T, err error) {
	defer func() {
		// An edited file must not end a running program, not even through a
		// validator that panics.
		if p := recover(); p != nil {
			err = invalid(section, &hosted.PanicError{Value: p, Stack: debug.Stack()})
		}
	}()
	if n := root.find(section); o.required && (n == nil || n.byChance()) {
		return nil, missing(root, section)
	}
	made := o.defaults
	if err := newBinder(claimed).bindSection(root, section, &made); err != nil {
		return nil, err
	}
	for _, f := range o.post {
		f(&made)
	}
	var errs []error
	for _, f := range o.validate {
		errs = append(errs, located(root, section, f(&made)))
	}
	if v, ok := any(&made).(interface{ Validate() error }); ok {
		errs = append(errs, located(root, section, v.Validate()))
	}
	return &made, errors.Join(errs...)
}

// located names the section in an error of a validator; a KeyError gets all that
// is known of its key.
func located(root *node, section string, err error) error {
	if err == nil {
		return nil
	}
	if parts := joined(err); parts != nil {
		var errs []error
		for _, e := range parts {
			errs = append(errs, located(root, section, e))
		}
		return errors.Join(errs...)
	}
	e, ok := err.(*KeyError) //nolint:errorlint // the error around a wrapped one says more
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

// joined are the errors that err joins, if it says nothing of its own.
func joined(err error) []error {
	j, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var texts []string
	for _, e := range j.Unwrap() {
		if e == nil {
			return nil
		}
		texts = append(texts, e.Error())
	}
	if text := err.Error(); text != strings.Join(texts, "\n") && text != strings.Join(texts, "; ") {
		return nil
	}
	return j.Unwrap()
}

func invalid(section string, err error) error {
	if section == "" {
		return fmt.Errorf("config: %w", err)
	}
	return fmt.Errorf("config: %s: %w", section, err)
}

// missing is the error of a section that no source has.
func missing(root *node, section string) error {
	e := &KeyError{Key: section, Err: errors.New("this section is required and no source has it")}
	i := max(0, strings.LastIndex(section, delimiter))
	if parent := root.find(section[:i]); parent != nil {
		if near := spelling.Nearest(strings.TrimPrefix(section[i:], delimiter), parent.names()); near != "" {
			e.Hint = fmt.Sprintf("did you mean %q?", join(section[:i], near))
		}
	}
	return e
}
