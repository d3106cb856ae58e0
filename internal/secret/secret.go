// Package secret tells what must not be shown.
package secret

import (
	"regexp"
	"slices"
	"strings"
)

// Mask is shown in place of a secret.
const Mask = "***"

// Key tells whether a key, or a key above it, looks like one of a secret.
// It errs on the safe side: TokenLifetime is one.
func Key(key string) bool {
	for _, word := range keyWord.FindAllString(key, -1) { // Path is no PAT
		if slices.Contains([]string{"pat", "pin", "otp", "totp", "sig", "jwt", "pass", "pwd", "dsn"}, strings.ToLower(word)) {
			return true
		}
	}
	key = strings.NewReplacer("_", "", "-", "", ".", "").Replace(strings.ToLower(key))
	return slices.ContainsFunc([]string{
		"password", "passwd", "pwd", "passphrase", "secret", "token", "credential",
		"apikey", "accesskey", "privatekey", "signingkey", "encryptionkey", "authkey", "accountkey",
		"authorization", "connectionstring", "dsn", "signature", "bearer", "cookie", "jwt",
	}, func(word string) bool { return strings.Contains(key, word) }) || strings.HasSuffix(key, "pass")
}

// keyWord is one word of a name: GitHubPAT has three.
var keyWord = regexp.MustCompile(`[A-Z]+[a-z]*|[a-z]+`)

// secretValue is what looks like a secret under any key: an assignment within a
// connection string or URL, what follows an authentication scheme, a token or a key.
var secretValue = regexp.MustCompile(`(?i)` +
	`(password|passwd|pwd|passphrase|secret|token|credential|(api|access|account|private|signing|shared)[-_ ]?key)s?["']?\s*[=:]\s*\S` +
	`|[?&;](sig|signature|code|key)=` +
	`|\b(bearer|basic|negotiate)\s+\S` +
	`|\beyJ[\w-]+\.[\w-]` +
	`|PRIVATE KEY-----`)

// Value tells whether a value has a secret in it, as also a URL or an
// address with a user does.
func Value(value string) bool {
	user, _, found := strings.Cut(value, "@")
	return found && strings.Contains(user, ":") || secretValue.MatchString(value)
}
