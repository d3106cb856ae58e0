package settingsfile

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// dotEnvName begins a line of a .env file: export NAME= or NAME: followed by a blank.
var dotEnvName = regexp.MustCompile(`\A[ \t]*(?:export[ \t]+)?([\w.]+)(?:[ \t]*=|:[ \t])[ \t]*`)

// dotEnvVariable is $NAME or ${NAME}, or a dollar sign that is none.
var dotEnvVariable = regexp.MustCompile(`\\\$|\$\{[A-Z0-9_]+\}|\$[A-Z0-9_]+`)

// parseDotEnv reads NAME=value lines; "__" in a name is ":", as in the environment.
// A name that is there twice has its last value. Values without quotes, and those
// in double quotes, may have $NAME or ${NAME} of the environment or of a line above.
func parseDotEnv(c *collector, b []byte) error {
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(b))
	values := map[string]string{} // by name
	index := map[string]int{}     // in c.entries
	size := 0
	for line := 1; text != ""; {
		current, rest, _ := strings.Cut(text, "\n")
		if trimmed := strings.TrimSpace(current); trimmed == "" || trimmed[0] == '#' {
			text = rest
			line++
			continue
		}
		start := dotEnvName.FindStringSubmatch(current)
		if start == nil {
			return fmt.Errorf("line %d: want NAME=value", line)
		}
		name := start[1]
		value, rest, err := dotEnvValue(text[len(start[0]):], func(name string) string {
			if value, ok := os.LookupEnv(name); ok {
				return value
			}
			return values[name]
		})
		if err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
		if size += len(value); size > MaxSize {
			return fmt.Errorf("line %d: its variables make the file larger than %d bytes", line, MaxSize)
		}
		key := EnvironmentKey(name)
		if i, twice := index[name]; twice {
			c.entries[i].Value, c.entries[i].Line = value, line
		} else {
			index[name] = len(c.entries)
			if err := c.add(key, value, line); err != nil {
				return err
			}
		}
		line += strings.Count(text[:len(text)-len(rest)], "\n")
		text, values[name] = rest, value
	}
	return nil
}

// EnvironmentKey is the key of a variable.
func EnvironmentKey(name string) string { return strings.ReplaceAll(name, "__", Delimiter) }

// dotEnvValue reads a value, up to the end of its last line.
func dotEnvValue(text string, variable func(string) string) (value, rest string, err error) {
	expand := func(s string) (string, error) {
		size := 0
		expanded := dotEnvVariable.ReplaceAllStringFunc(s, func(found string) string {
			if found[0] == '\\' {
				return "$"
			}
			value := variable(strings.Trim(found, "${}"))
			if size += len(value); size > MaxSize {
				return ""
			}
			return value
		})
		if size > MaxSize {
			return "", fmt.Errorf("its variables make the file larger than %d bytes", MaxSize)
		}
		return expanded, nil
	}
	if text == "" || text[0] != '"' && text[0] != '\'' {
		line, rest, _ := strings.Cut(text, "\n")
		line, _, _ = strings.Cut(line, "#")
		value, err := expand(strings.TrimSpace(line))
		return value, rest, err
	}
	quote := text[0]
	end := 1
	for end < len(text) && (text[end] != quote || text[end-1] == '\\') {
		end++
	}
	if end == len(text) {
		return "", "", fmt.Errorf("the quote %c is not closed", quote)
	}
	value = text[1:end]
	after, rest, _ := strings.Cut(text[end+1:], "\n")
	if after = strings.TrimSpace(after); after != "" && after[0] != '#' {
		return "", "", fmt.Errorf("something follows the closing %c", quote)
	}
	if quote == '"' {
		value = dotEnvEscape.ReplaceAllStringFunc(value, func(s string) string {
			switch s[1] {
			case 'n':
				return "\n"
			case 'r':
				return "\r"
			default:
				return s[1:]
			}
		})
		value, err = expand(value)
	}
	return value, rest, err
}

// dotEnvEscape is what a backslash changes in double quotes.
var dotEnvEscape = regexp.MustCompile(`\\[^$]`)
