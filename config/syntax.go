package config

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// syntaxError brings the error of a parser into one line that begins with the
// place. What it cites of the text may be a secret, and is only used to find the
// place if the parser does not tell.
func syntaxError(format string, b []byte, err error) error {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "toml: ")
	if strings.Contains(text, "into map[string]interface {}") {
		return errors.New("the root must be a mapping of keys to values")
	}
	text = strings.TrimPrefix(text, "unmarshal errors:\n  ")
	text = strings.ReplaceAll(text, "\n  ", "; ")

	var at interface{ Position() (row, column int) }
	if errors.As(err, &at) {
		row, column := at.Position()
		return fmt.Errorf("line %d, column %d: %s", row, column, text)
	}
	cited := regexp.MustCompile("`[^`]*`|anchor '[^']*'")
	line := 0
	if quote := cited.FindString(text); quote != "" {
		quote = strings.Trim(strings.TrimPrefix(quote, "anchor "), "`'")
		line = newLineCounter(b).at(max(0, bytes.Index(b, []byte(quote))))
		text = cited.ReplaceAllString(text, "...")
	}
	switch {
	case format == "dotenv":
		if line > 0 {
			text = "want NAME=value"
		}
	case strings.HasPrefix(text, "line "):
		return errors.New(text)
	case line > 0:
	case format == "yaml":
		line = 1 // the only one that its parser does not name
	case format == "toml":
		line = twiceInTOML(b)
	}
	if line == 0 {
		return errors.New(text)
	}
	return fmt.Errorf("line %d: %s", line, text)
}
