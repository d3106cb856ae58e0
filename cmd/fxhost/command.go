package main

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"
)

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
	flags := pflag.NewFlagSet("fxhost", pflag.ContinueOnError)
	flags.StringVar(&c.app, "app", "", "")
	flags.BoolVarP(&c.help, "help", "h", false, "")
	err := flags.Parse(args)
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &unknown) && flags.NArg() >= 3 && flags.Arg(1) == "set":
		return c, usageError("an unknown option follows the key; put -- before a value that begins with -")
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return c, usageError("unknown option -" + unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		return c, usageError("unknown option --" + unknown.GetSpecifiedName())
	case err != nil, flags.Changed("app") && (c.app == "" || c.app[0] == '-'):
		return c, usageError("--app wants a name, --app NAME or --app=NAME")
	case c.help:
		return c, nil
	}
	return c.take(flags.Args())
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
