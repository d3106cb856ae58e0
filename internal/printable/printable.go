// Package printable keeps what comes from outside from moving the cursor, changing
// colours or adding lines where it is shown.
package printable

import (
	"strconv"
	"strings"
	"unicode"
)

// Text is s with each character that cannot be seen written as Go does in quotes.
func Text(s string) string { return text(s, hidden) }

// Lines is Text but for line feeds and tabs, which are left alone.
func Lines(s string) string {
	return text(s, func(r rune) bool { return hidden(r) && r != '\n' && r != '\t' })
}

func text(s string, hidden func(rune) bool) string {
	if strings.IndexFunc(s, hidden) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if hidden(r) {
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hidden(r rune) bool { return !unicode.IsGraphic(r) }
