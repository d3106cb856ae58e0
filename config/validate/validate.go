// Package validate checks options by the struct tags of go-playground/validator
// (.NET: ValidateDataAnnotations):
//
//	type Settings struct {
//		Interval time.Duration `validate:"min=1s"`
//		URL      string        `validate:"required,url"`
//	}
//
//	config.Configure("Worker", validate.Tags[Settings]())
//
// It is a module of its own, so that programs that do not use it do not depend on
// the validator.
package validate

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/configtag"
)

// Tags checks the values of T, a struct, by the tags "validate" of its fields.
// Each rule that is broken is an error that names key, value, source and rule.
// Structs in it are checked, too, items of lists and maps with the rule "dive".
func Tags[T any]() config.Option[T] {
	return By[T](validator.New(validator.WithRequiredStructEnabled()))
}

// By is Tags by a validator that knows rules of your own. v is told to name fields
// as package config does, and must not be changed any more.
func By[T any](v *validator.Validate) config.Option[T] {
	v.RegisterTagNameFunc(fieldName)
	return config.Validate(func(value *T) error {
		err := v.Struct(value)
		var broken validator.ValidationErrors
		if !errors.As(err, &broken) {
			return err // T is no struct
		}
		var errs []error
		for _, b := range broken {
			errs = append(errs, &config.KeyError{Key: key(b.Namespace()), Err: rule(b)})
		}
		return errors.Join(errs...)
	})
}

// embedded stands for a field that is no key: its own fields are those of the
// struct around it.
const embedded = "\x00"

// fieldName is the key of a field.
func fieldName(f reflect.StructField) string {
	field, _ := configtag.Of(f) // Bind has reported the error
	if field.Squash {
		return embedded
	}
	return field.Name // also of one that is checked, but not configured
}

// key turns Settings.Servers[0].Url into Servers:0:Url. What is in brackets is an
// index or the key of a map, which may have dots.
func key(namespace string) string {
	_, path, _ := strings.Cut(namespace, ".")
	var names []string
	for path != "" {
		end := strings.IndexAny(path, ".[")
		if path[0] == '[' {
			if end = strings.Index(path, "]"); end > 0 {
				names = append(names, path[1:end])
				path = strings.TrimPrefix(path[end+1:], ".")
				continue
			}
		}
		if end < 0 {
			end = len(path)
		}
		if name := path[:end]; name != embedded {
			names = append(names, name)
		}
		path = strings.TrimPrefix(path[end:], ".")
	}
	return strings.Join(names, ":")
}

func rule(b validator.FieldError) error {
	if b.Param() == "" {
		return fmt.Errorf("breaks the rule %q", b.Tag())
	}
	return fmt.Errorf("breaks the rule %q", b.Tag()+"="+b.Param())
}
