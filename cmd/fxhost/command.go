package main

import "strings"

// usageError is a command that is not one.
type usageError string

func (e usageError) Error() string { return string(e) + "; see fxhost --help" }

// command is what the arguments ask for.
type command struct {
	help  bool
	verb  string   // set, list, remove or path
	words []string // its arguments
	app   string   // "" if it is not given
}

// parse finds options at any place before a "--". Its errors never show what may
// be a value.
func parse(args []string) (command, error) {
	var c command
	var words []string
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		switch {
		case args[i] == "--":
			words = append(words, args[i+1:]...)
			i = len(args)
		case args[i] == "-h" || args[i] == "--help":
			return command{help: true}, nil
		case name == "--app":
			if !hasValue && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
				i++
				value = args[i]
			}
			if value == "" {
				return c, usageError("--app wants a name, --app NAME or --app=NAME")
			}
			c.app = value
		case !strings.HasPrefix(args[i], "-"):
			words = append(words, args[i])
		case len(words) >= 3 && words[1] == "set":
			return c, usageError("an unknown option follows the key; put -- before a value that begins with -")
		default:
			return c, usageError("unknown option " + name)
		}
	}
	return c.take(words)
}

// take checks the words that are no options.
func (c command) take(words []string) (command, error) {
	switch {
	case len(words) == 0:
		return c, usageError("a command is missing")
	case words[0] != "secrets":
		return c, usageError("the only command is secrets")
	case len(words) == 1:
		return c, usageError("secrets wants set, list, remove or path")
	}
	c.verb, c.words = words[1], words[2:]
	least, most, want := 0, 0, "nothing more"
	switch c.verb {
	case "set":
		least, most, want = 1, 2, "KEY or KEY VALUE"
	case "remove":
		least, most, want = 1, 1, "KEY"
	case "list", "path":
	default:
		return c, usageError("secrets wants set, list, remove or path")
	}
	switch n := len(c.words); {
	case n < least || n > most:
		return c, usageError("secrets " + c.verb + " wants " + want)
	case c.verb == "set" && n == 1 && strings.Contains(c.words[0], "="):
		// Taken as a key, the secret would be listed.
		return c, usageError("secrets set wants KEY VALUE, not KEY=VALUE")
	}
	return c, nil
}
