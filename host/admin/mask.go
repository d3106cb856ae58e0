package admin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/printable"
	"github.com/fxhost/fxhost/internal/secret"
)

const (
	// maxPayload is how much of a payload is shown, in bytes.
	maxPayload = 4 << 10
	// maxDecoded is how large a payload may be that is looked into.
	maxDecoded = 1 << 20
)

// masker hides secrets in the messages of one type: in fields that the type declares to
// be secret, in those whose name says so, and in texts that look like one.
type masker struct{ declared []string }

func newMasker(message reflect.Type) *masker {
	return &masker{secret.FieldsOf(message, secret.JSONName, config.Secret(""))}
}

func (m *masker) payload(body []byte) string {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	switch {
	case len(body) > maxDecoded:
		return fmt.Sprintf("(%d bytes: too large to look for secrets in)", len(body))
	case json.Valid(body) && decoder.Decode(&value) == nil:
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false) // the page does it
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(m.mask("", value)); err != nil {
			return fmt.Sprintf("(%d bytes)", len(body))
		}
		return shorten(strings.TrimSpace(printable.Lines(text.String())), maxPayload)
	case !utf8.Valid(body):
		return fmt.Sprintf("(%d bytes that are no text)", len(body))
	case secret.Value(string(body)):
		return secret.Mask
	default:
		return shorten(printable.Lines(string(body)), maxPayload)
	}
}

// mask returns the value at path without secrets.
func (m *masker) mask(path string, value any) any {
	if path != "" && (secret.Key(path) || m.isDeclared(path)) {
		return secret.Mask
	}
	at := func(name string) string {
		if path == "" {
			return name
		}
		return path + secret.Delimiter + name
	}
	switch v := value.(type) {
	case map[string]any:
		for name, below := range v {
			v[name] = m.mask(at(strings.ReplaceAll(name, secret.Delimiter, "")), below)
		}
	case []any:
		for i, below := range v {
			v[i] = m.mask(at(secret.Any), below)
		}
	case string:
		if secret.Value(v) {
			return secret.Mask
		}
	}
	return value
}

func (m *masker) isDeclared(path string) bool {
	names := strings.Split(strings.ToLower(path), secret.Delimiter)
	return slices.ContainsFunc(m.declared, func(declared string) bool {
		return slices.EqualFunc(names, strings.Split(declared, secret.Delimiter), func(name, want string) bool {
			return want == secret.Any || name == want
		})
	})
}

func (m *masker) header(name, value string) string {
	if secret.Key(name) || secret.Value(value) {
		return secret.Mask
	}
	return shorten(printable.Text(value), 500)
}
