package config

import (
	"math/big"
	"strconv"
	"strings"
)

// Size is a number of bytes. In a file it carries a unit, as durations do:
//
//	512B   64KiB   10MiB   1.5GiB   2TiB   (1024 each)
//	10kB   10MB    2GB     1TB             (1000 each)
//
// Units may be written in any case, with blanks before them; a fraction has to
// come to whole bytes.
type Size int64

// unit is a name and how many bytes it is.
type unit struct {
	name  string
	bytes int64
}

// units are the binary ones, which String uses, large ones first, then the others.
func units() []unit {
	return []unit{
		{"TiB", 1 << 40},
		{"GiB", 1 << 30},
		{"MiB", 1 << 20},
		{"KiB", 1 << 10},
		{"TB", 1e12},
		{"GB", 1e9},
		{"MB", 1e6},
		{"kB", 1e3},
		{"B", 1},
	}
}

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	const want = rule(`want a size, such as "512B" or "10MiB"`)
	number := strings.TrimRightFunc(string(text), func(r rune) bool { return r < '0' || r > '9' })
	name := strings.TrimSpace(string(text[len(number):]))
	if strings.Trim(number, "0123456789.") != "" || strings.Count(number, ".") > 1 || number == "" || len(number) > 40 {
		return want
	}
	if name == "" {
		return rule(`size needs a unit, such as "10MiB"`)
	}
	for _, u := range units() {
		if !strings.EqualFold(name, u.name) {
			continue
		}
		amount, ok := new(big.Rat).SetString(number)
		if !ok {
			return want
		}
		amount.Mul(amount, new(big.Rat).SetInt64(u.bytes))
		switch {
		case !amount.IsInt():
			return rule("want whole bytes")
		case !amount.Num().IsInt64():
			return rule("too large")
		}
		*s = Size(amount.Num().Int64())
		return nil
	}
	return rule("unknown unit; use B, KiB, MiB, GiB or TiB, or kB, MB, GB or TB")
}

// String is the size in the largest binary unit that it is a whole number of.
func (s Size) String() string {
	for _, u := range units() {
		if n := int64(s); n != 0 && n%u.bytes == 0 && (u.bytes&(u.bytes-1)) == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return "0B"
}

// MarshalText is String.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
