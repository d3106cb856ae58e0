package config_test

import (
	"math"
	"testing"

	"github.com/fxhost/fxhost/config"
)

func TestSizesCarryAUnit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.Size{
		"0B": 0, "512B": 512, "64KiB": 64 << 10, "10mib": 10 << 20, "1.5GiB": 3 << 29, "2TiB": 2 << 40, "10kB": 10000,
		"10 MB": 10e6, "2gb": 2e9, "1TB": 1e12, "0.5KiB": 512, "9223372036854775807B": math.MaxInt64,
	} {
		var target struct{ Size config.Size }
		if err := load(t, config.Map(map[string]any{"S:Size": text})).Bind("S", &target); err != nil || target.Size != want {
			t.Errorf("%s is %d, %v; want %d", text, target.Size, err, want)
		}
	}
	for text, want := range map[string]string{
		"10":                   `size needs a unit, such as "10MiB"`,
		"1.5B":                 "want whole bytes",
		"10PB":                 "unknown unit; use B, KiB, MiB, GiB or TiB, or kB, MB, GB or TB",
		"-1B":                  `want a size, such as "512B" or "10MiB"`,
		"MiB":                  `want a size, such as "512B" or "10MiB"`,
		"1.2.3B":               `want a size, such as "512B" or "10MiB"`,
		".B":                   `want a size, such as "512B" or "10MiB"`,
		"9000PiB":              "unknown unit; use B, KiB, MiB, GiB or TiB, or kB, MB, GB or TB",
		"9e99B":                `want a size, such as "512B" or "10MiB"`,
		"9223372036854775808B": "too large",
	} {
		var target struct{ Size config.Size }
		err := load(t, config.Map(map[string]any{"S:Size": text})).Bind("S", &target)
		wantError(t, err, `config: S:Size: "`+text+`": `+want+` (memory)`)
	}
	var target struct{ Size config.Size }
	wantError(t, load(t, config.Map(map[string]any{"S:Size": 5})).Bind("S", &target),
		`config: S:Size: 5: size needs a unit, such as "10MiB" (memory)`)
}

func TestASizeIsWrittenShortAndExact(t *testing.T) {
	t.Parallel()
	for size, want := range map[config.Size]string{
		0: "0B", 1: "1B", 1000: "1000B", 1024: "1KiB", 3 << 29: "1536MiB", 5 << 40: "5TiB", math.MaxInt64: "9223372036854775807B",
	} {
		if text, err := size.MarshalText(); err != nil || string(text) != want {
			t.Errorf("%d is %s, want %s", size, text, want)
		}
	}
}

// What is read is written so that it is read as the same.
func FuzzSize(f *testing.F) {
	for _, seed := range []string{"1B", "1.5GiB", "10 MB", "x", "", "10", "0.0000000001TiB", "00001kb", "1..B"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var size, again config.Size
		if size.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(size.String())); err != nil || again != size || size < 0 {
			t.Errorf("%q is %v, which is %v, %v", text, size, again, err)
		}
	})
}
