package config

import (
	"fmt"
	"strings"
)

// CommandLine is a [Source] of arguments, without the program's name:
//
//	--key value   --key=value   --key
//
// The last form, at the end or before another --key, means true; .NET has no
// such form (CG-6). Keys may be paths (--Worker:Interval=5s); a key given twice
// has its last value (CG-8). All values are strings; a value that begins with
// "--" needs the form with "=", unlike in .NET (CG-7). Anything else is an error
// when the source is loaded, where .NET would ignore it.
func CommandLine(args []string) Source {
	return Func("command line", func() (map[string]any, error) { return parseArgs(args) })
}

func parseArgs(args []string) (map[string]any, error) {
	values := newLastWins()
	for i := 0; i < len(args); i++ {
		rest, isKey := strings.CutPrefix(args[i], "--")
		key, value, hasValue := strings.Cut(rest, "=")
		if !isKey || key == "" {
			return nil, fmt.Errorf("%q is not a setting; write --key=value, --key value or --key", withoutValue(args[i]))
		}
		if !hasValue {
			value = "true"
			if i+1 < len(args) && !strings.HasPrefix(args[i+1], "--") {
				i++
				value = args[i]
			}
		}
		values.set(key, value)
	}
	return values.values, nil
}

// withoutValue hides what follows "=": it may be a secret.
func withoutValue(arg string) string {
	if i := strings.Index(arg, "="); i >= 0 {
		return arg[:i+1] + "..."
	}
	return arg
}
