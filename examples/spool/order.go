package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The limits of an order. They keep every sum of cents far below the maximum of an
// int64.
const (
	maxOrderBytes     = 1 << 20
	maxTextBytes      = 100
	maxLines          = 1_000
	maxQuantity       = 100_000
	maxUnitPriceCents = 100_000_000
	maxTotalCents     = 1_000_000_000_000
)

// Order is the content of one input file. All fields are required, and unknown fields
// are errors.
type Order struct {
	// ID is unique among all orders: up to 64 letters, digits, "-", "_" and ".".
	ID string `json:"id"`
	// Customer is not blank and up to 100 bytes long.
	Customer string `json:"customer"`
	// Lines are 1 to 1000.
	Lines []Line `json:"lines"`
}

// Line is a line of an [Order].
type Line struct {
	// SKU names the article: not blank, up to 100 bytes.
	SKU string `json:"sku"`
	// Quantity is 1 to 100,000.
	Quantity int64 `json:"quantity"`
	// UnitPriceCents is positive and at most a million in whole units.
	UnitPriceCents int64 `json:"unitPriceCents"`
}

// ParseOrder parses one order and validates it. It is strict: unknown and repeated
// fields, data after the order, and text that is not UTF-8 are errors. The error is
// meant for the producer and fits on one line.
func ParseOrder(body []byte) (*Order, error) {
	if len(body) > maxOrderBytes {
		return nil, fmt.Errorf("larger than %d bytes", maxOrderBytes)
	}
	if !utf8.Valid(body) {
		return nil, errors.New("not JSON: not a text in UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	order := &Order{}
	if err := decoder.Decode(order); err != nil {
		return nil, jsonError(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("not JSON: data after the order")
	}
	if name := repeatedField(json.NewDecoder(bytes.NewReader(body))); name != "" {
		return nil, fmt.Errorf("field %s appears twice", quote(name))
	}
	return order, order.check()
}

// TotalCents returns the sum of all lines.
func (o *Order) TotalCents() int64 {
	var total int64
	for _, line := range o.Lines {
		total += line.Quantity * line.UnitPriceCents
	}
	return total
}

// Only ASCII is allowed, so that all readers of the ledger compare ids in the same
// way.
var validID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// check reports all problems that fit on one line.
func (o *Order) check() error {
	var problems []string
	refuse := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }

	if !validID.MatchString(o.ID) {
		refuse(`id %s: want 1 to 64 letters, digits, "-", "_" or "."`, quote(o.ID))
	}
	if problem := textProblem(o.Customer); problem != "" {
		refuse("customer %s: %s", quote(o.Customer), problem)
	}
	if n := len(o.Lines); n < 1 || n > maxLines {
		refuse("%d lines: want 1 to %d", n, maxLines)
		return tooMany(problems)
	}
	for i, line := range o.Lines {
		if problem := textProblem(line.SKU); problem != "" {
			refuse("line %d: sku %s: %s", i+1, quote(line.SKU), problem)
		}
		if line.Quantity < 1 || line.Quantity > maxQuantity {
			refuse("line %d: quantity %d: want 1 to %d", i+1, line.Quantity, maxQuantity)
		}
		if line.UnitPriceCents < 1 || line.UnitPriceCents > maxUnitPriceCents {
			refuse("line %d: unitPriceCents %d: want 1 to %d", i+1, line.UnitPriceCents, maxUnitPriceCents)
		}
	}
	if len(problems) == 0 && o.TotalCents() > maxTotalCents {
		refuse("total of %d cents: want at most %d", o.TotalCents(), maxTotalCents)
	}
	return tooMany(problems)
}

func tooMany(problems []string) error {
	const shown = 5
	if more := len(problems) - shown; more > 0 {
		problems = append(problems[:shown:shown], fmt.Sprintf("and %d more", more))
	}
	if len(problems) == 0 {
		return nil
	}
	return errors.New(strings.Join(problems, "; "))
}

func textProblem(text string) string {
	switch {
	case strings.TrimSpace(text) == "":
		return "must not be blank"
	case len(text) > maxTextBytes:
		return fmt.Sprintf("want at most %d bytes", maxTextBytes)
	case strings.ContainsFunc(text, unicode.IsControl):
		return "must not have control characters"
	default:
		return ""
	}
}

// quote quotes the beginning of a text that may be long.
func quote(text string) string {
	const shown = 40
	if runes := []rune(text); len(runes) > shown {
		text = string(runes[:shown]) + "..."
	}
	return fmt.Sprintf("%q", text)
}

// jsonError rewrites an error of encoding/json without names of Go types.
func jsonError(err error) error {
	var (
		syntax *json.SyntaxError
		typed  *json.UnmarshalTypeError
	)
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("not JSON: the file is empty")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("not JSON: it ends in the middle")
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON: byte %d: %w", syntax.Offset, syntax)
	case errors.As(err, &typed) && typed.Field == "":
		return fmt.Errorf("want one object { ... }, got %s", typed.Value)
	case errors.As(err, &typed):
		return fmt.Errorf("%s: cannot be %s", typed.Field, typed.Value)
	default:
		return errors.New(strings.TrimPrefix(err.Error(), "json: ")) // unknown field "x"
	}
}

// repeatedField returns a field that occurs twice in an object, ignoring case;
// encoding/json would use the last one. The text must have been decoded before, so
// that its depth and its number of fields are limited.
func repeatedField(in *json.Decoder) string {
	token, _ := in.Token()
	var names []string
	for token == json.Delim('{') && in.More() {
		key, _ := in.Token()
		name, _ := key.(string)
		if slices.ContainsFunc(names, func(other string) bool { return strings.EqualFold(other, name) }) {
			return name
		}
		names = append(names, name)
		if name := repeatedField(in); name != "" {
			return name
		}
	}
	for token == json.Delim('[') && in.More() {
		if name := repeatedField(in); name != "" {
			return name
		}
	}
	if _, opened := token.(json.Delim); opened {
		_, _ = in.Token() // the closing one
	}
	return ""
}
