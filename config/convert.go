package config

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// rule is the error of a value that breaks a rule of ours; its text never holds
// the value.
type rule string

func (r rule) Error() string { return string(r) }

// assign converts the value of n into a bool, number, duration or string.
func assign(to reflect.Value, n *node) error {
	value, ok := text(n.value)
	_, isString := n.value.(string)
	_, isNumber := n.value.(json.Number)
	switch {
	case !ok:
		return rule("want a single value, got " + n.kind())
	case to.Type() == reflect.TypeFor[url.URL]():
		return assignURL(to, value)
	case to.Type() == reflect.TypeFor[time.Duration]():
		return assignDuration(to, value)
	case to.Kind() == reflect.String && isString:
		to.SetString(value)
		return nil
	case to.Kind() == reflect.String:
		return rule("want a string, got " + n.kind() + "; put it in quotes")
	case to.Kind() == reflect.Bool:
		if !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			return rule("want true or false")
		}
		to.SetBool(strings.EqualFold(value, "true"))
		return nil
	case !to.CanInt() && !to.CanUint() && !to.CanFloat():
		return rule("cannot bind a " + to.Type().String())
	case !isString && !isNumber:
		return rule("want a number, got " + n.kind())
	case to.CanFloat():
		return assignFloat(to, value)
	default:
		return assignInteger(to, value, isNumber)
	}
}

func assignDuration(to reflect.Value, value string) error {
	d, err := time.ParseDuration(value)
	if err == nil {
		to.SetInt(int64(d))
		return nil
	}
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return rule(`duration needs a unit, such as "5s"`)
	}
	const want = rule(`want a duration, such as "5s" or "1m30s"`)
	if d, ok := timeSpan(value); ok {
		return suggestion{want, fmt.Sprintf("write %q", d)}
	}
	return want
}

// isValue tells the structs that are single values.
func isValue(t reflect.Type) bool { return t == reflect.TypeFor[url.URL]() }

func assignURL(to reflect.Value, value string) error {
	u, err := url.Parse(value)
	if e := (*url.Error)(nil); errors.As(err, &e) {
		return fmt.Errorf("want a URL: %w", e.Err) // without the value
	}
	to.Set(reflect.ValueOf(u).Elem())
	return err
}

func assignBytes(to reflect.Value, n *node) error {
	value, _ := text(n.value)
	b, err := base64.StdEncoding.DecodeString(value)
	if err != nil {
		return rule("want bytes in base64, or a list of numbers")
	}
	to.Set(reflect.ValueOf(b).Convert(to.Type()))
	return nil
}

// suggestion is a rule with what to write instead.
type suggestion struct {
	rule
	hint string
}

// timeSpan reads what .NET writes for a duration: [days.]hours:minutes[:seconds].
func timeSpan(value string) (d time.Duration, ok bool) {
	parts := regexp.MustCompile(`^(?:(\d{1,4})\.)?(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d{1,7})?))?$`).FindStringSubmatch(value)
	if parts == nil {
		return 0, false
	}
	for i, unit := range []string{"h", "h", "m", "s"} {
		if parts[i+1] == "" {
			continue
		}
		part, err := time.ParseDuration(parts[i+1] + unit)
		if err != nil {
			return 0, false
		}
		if i == 0 {
			part *= 24 // days
		}
		d += part
	}
	return d, true
}

func assignFloat(to reflect.Value, value string) error {
	f, err := strconv.ParseFloat(value, to.Type().Bits())
	if err != nil {
		return rule("want a number" + ofKind(to, err))
	}
	to.SetFloat(f)
	return nil
}

// assignInteger reads decimal digits. What a file wrote as a number may have an
// exponent or a zero fraction and still be an integer.
func assignInteger(to reflect.Value, value string, isNumber bool) error {
	if f, err := strconv.ParseFloat(value, 64); isNumber && err == nil &&
		strings.ContainsAny(value, ".eE") && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		value = strconv.FormatFloat(f, 'f', 0, 64)
	}
	if to.CanInt() {
		i, err := strconv.ParseInt(value, 10, to.Type().Bits())
		if err != nil {
			return rule("want an integer" + ofKind(to, err))
		}
		to.SetInt(i)
		return nil
	}
	u, err := strconv.ParseUint(value, 10, to.Type().Bits())
	if err != nil {
		return rule("want a non-negative integer" + ofKind(to, err))
	}
	to.SetUint(u)
	return nil
}

// ofKind names the kind of to if err says that a number does not fit it.
func ofKind(to reflect.Value, err error) string {
	if errors.Is(err, strconv.ErrRange) {
		return " that fits " + to.Kind().String()
	}
	return ""
}
