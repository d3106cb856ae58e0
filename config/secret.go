package config

import (
	"regexp"
	"slices"
	"strings"
)

// isSecret tells whether the value must not be shown.
func (n *node) isSecret() bool {
	value, _ := text(n.value)
	return n.from.secret || isSecretKey(n.path) || isSecretValue(value)
}

// isSecretKey tells whether a key, or a key above it, looks like one of a secret.
// It errs on the safe side: TokenLifetime is one.
func isSecretKey(key string) bool {
	for _, word := range keyWord.FindAllString(key, -1) { // Path is no PAT
		if slices.Contains([]string{"pat", "pin", "otp", "totp", "sig", "jwt", "pass", "pwd", "dsn"}, fold(word)) {
			return true
		}
	}
	key = strings.NewReplacer("_", "", "-", "", ".", "").Replace(fold(key))
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

// isSecretValue tells whether a value has a secret in it, as also a URL or an
// address with a user does.
func isSecretValue(value string) bool {
	user, _, found := strings.Cut(value, "@")
	return found && strings.Contains(user, ":") || secretValue.MatchString(value)
}
