package config

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// ErrUnknownKey is in the error of [Manager.Bind] for a key that no field takes.
var ErrUnknownKey = errors.New("unknown key")

// KeyError is one setting that cannot be used. [Manager.Bind] joins all it finds,
// in the order of their keys.
type KeyError struct {
	Key    string // the whole key, Worker:Interval
	Value  string // its value as text, strings in quotes; *** if it looks like a secret, "" if it does not matter
	Source string // the Name of the source, "" if it is not known
	Line   int    // in the source, 0 if it is not known
	Err    error  // the rule that is broken
	Hint   string // what may have been meant, or ""
}

func (e *KeyError) Error() string {
	text := "config: " + e.Key + ": "
	if e.Value != "" {
		text += e.Value + ": "
	}
	text += e.Err.Error()
	if e.Source != "" {
		text += " (" + place(e.Source, e.Line) + ")"
	}
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// place is a source and its line.
func place(source string, line int) string {
	if line == 0 {
		return source
	}
	return source + ":" + strconv.Itoa(line)
}

// Unwrap returns Err.
func (e *KeyError) Unwrap() error { return e.Err }

// isSecret tells whether a key, or a key above it, looks like one of a secret.
// It errs on the safe side: TokenLifetime is one.
func isSecret(key string) bool {
	key = strings.NewReplacer("_", "", "-", "", ".", "").Replace(fold(key))
	return slices.ContainsFunc([]string{
		"password", "passwd", "pwd", "passphrase", "secret", "token", "credential",
		"apikey", "accesskey", "privatekey", "signingkey", "encryptionkey", "authkey",
		"authorization", "connectionstring", "dsn",
	}, func(word string) bool { return strings.Contains(key, word) }) || strings.HasSuffix(key, "pass")
}

// hasCredentials tells whether a value looks like a URL or an address with a user
// in it.
func hasCredentials(value string) bool {
	user, _, found := strings.Cut(value, "@")
	return found && strings.Contains(user, ":")
}

// nearest returns the name that differs least from name, "" if none is near.
func nearest(name string, names []string) string {
	best, limit := "", max(2, len(name)/3)+1
	for _, candidate := range names {
		if d := distance(fold(name), fold(candidate)); d < limit {
			best, limit = candidate, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete or replace in a to get b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
