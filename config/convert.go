package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// errRule is in the errors of this file, whose texts never hold the value.
var errRule = errors.New("")

func rule(format string, args ...any) error {
	return fmt.Errorf(format+"%w", append(args, errRule)...)
}

// text returns the text of a value; ok is false if it has none.
func text(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	default:
		return "", false
	}
}

// quoted returns the value as an error shows it, shortened if it is long.
func (n *node) quoted() string {
	value, _ := text(n.value)
	if len(value) > 80 {
		value = strings.ToValidUTF8(value[:80], "") + "..."
	}
	if _, ok := n.value.(string); ok {
		return strconv.Quote(value)
	}
	return value
}

// kind names what a node is.
func (n *node) kind() string {
	switch n.value.(type) {
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case emptyList:
		return "a list"
	default:
		return "a section"
	}
}

// assign converts the value of n into a bool, number, duration or string.
func assign(to reflect.Value, n *node) error {
	_, isString := n.value.(string)
	_, isNumber := n.value.(json.Number)
	value, _ := text(n.value)

	switch {
	case to.Type() == reflect.TypeFor[time.Duration]():
		return assignDuration(to, n)
	case to.Kind() == reflect.String:
		if !isString {
			return rule("want a string, got %s%s", n.kind(), map[bool]string{true: "; put it in quotes"}[value != ""])
		}
		to.SetString(value)
	case to.Kind() == reflect.Bool:
		if isNumber || !strings.EqualFold(value, "true") && !strings.EqualFold(value, "false") {
			return rule("want true or false, got %s", n.kind())
		}
		to.SetBool(strings.EqualFold(value, "true"))
	case !to.CanInt() && !to.CanUint() && !to.CanFloat():
		return rule("cannot bind a %s", to.Type())
	case !isString && !isNumber:
		return rule("want a number, got %s", n.kind())
	default:
		return assignNumber(to, value, isNumber)
	}
	return nil
}

func assignDuration(to reflect.Value, n *node) error {
	value, ok := text(n.value)
	d, err := time.ParseDuration(value)
	switch _, notNumber := strconv.ParseFloat(value, 64); {
	case err == nil:
		to.SetInt(int64(d))
		return nil
	case ok && notNumber == nil:
		return rule(`duration needs a unit, such as "5s"`)
	default:
		return rule(`want a duration, such as "5s" or "1m30s"`)
	}
}

// assignNumber reads a number. One that a file wrote as a number may have an
// exponent or a zero fraction and still be an integer.
func assignNumber(to reflect.Value, value string, isNumber bool) error {
	bits := to.Type().Bits()
	f, err := strconv.ParseFloat(value, 64)
	if to.CanFloat() {
		if err != nil || to.OverflowFloat(f) {
			return rule("want a number that fits a %s", to.Kind())
		}
		to.SetFloat(f)
		return nil
	}
	if isNumber && strings.ContainsAny(value, ".eE") && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		value = strconv.FormatFloat(f, 'f', 0, 64)
	}
	if to.CanUint() {
		u, err := strconv.ParseUint(value, 10, bits)
		if err != nil {
			return rule("want an integer from 0 to %d", uint64(math.MaxUint64)>>(64-bits))
		}
		to.SetUint(u)
		return nil
	}
	i, err := strconv.ParseInt(value, 10, bits)
	if err != nil {
		return rule("want an integer from %d to %d", math.MinInt64>>(64-bits), math.MaxInt64>>(64-bits))
	}
	to.SetInt(i)
	return nil
}
