package config

import (
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"

	"github.com/fxhost/fxhost/internal/spelling"
)

// CommandLineOption changes what [CommandLine] accepts.
type CommandLineOption interface{ applyTo(*commandLine) }

type commandLineOption func(*commandLine)

func (o commandLineOption) applyTo(c *commandLine) { o(c) }

// Switches gives keys other names, .NET's switch mappings:
//
//	config.Switches(map[string]string{"-i": "Worker:Interval", "--every": "Worker:Interval"})
//
// A name begins with - or --; two that differ only in case are an error.
func Switches(keys map[string]string) CommandLineOption {
	return commandLineOption(func(c *commandLine) {
		for _, name := range slices.Sorted(maps.Keys(keys)) {
			c.add(name, keys[name])
		}
	})
}

// CommandLine is a [Source] of arguments, without the program's name:
//
//	--key value   --key=value   --key   --no-key   -k value   -k=value   -k
//
// --key at the end or before another switch means true, and --no-key means false; .NET
// has neither. -k is one of [Switches]. On Windows / can be written for --. Keys may be
// paths (--Worker:Interval=5s). If a key is given twice, the last value wins. All values
// are strings. A value that begins with "--" needs the form with "=", unlike in .NET.
// Any other argument is an error when the source is loaded; .NET ignores it.
func CommandLine(args []string, opts ...CommandLineOption) Source {
	return commandLineSource(args, opts...)
}

func commandLineSource(args []string, opts ...CommandLineOption) textSource {
	c := newCommandLine(runtime.GOOS == "windows", opts)
	return textSource{"command line", true, "", func() ([]entry, error) { return c.parse(args) }}
}

// commandLine is what a program accepts.
type commandLine struct {
	slash    bool              // is a switch
	switches map[string]string // keys by folded name
	names    []string          // of the switches, as they were given
	flags    []givenFlag       // that somebody else has parsed
	err      error
}

func newCommandLine(slash bool, opts []CommandLineOption) *commandLine {
	c := &commandLine{slash: slash, switches: map[string]string{}}
	for _, o := range opts {
		o.applyTo(c)
	}
	return c
}

func (c *commandLine) add(name, key string) {
	switch _, twice := c.switches[fold(name)]; {
	case strings.Trim(name, "-") == "" || name[0] != '-' || strings.Contains(name, "="):
		c.err = errors.Join(c.err, fmt.Errorf("switch %q: a name begins with - or -- and has no =", name))
	case key == "":
		c.err = errors.Join(c.err, fmt.Errorf("switch %q has no key", name))
	case twice:
		c.err = errors.Join(c.err, fmt.Errorf("switch %q is there twice, in another case", name))
	}
	c.switches[fold(name)] = key
	c.names = append(c.names, name)
}

func (c *commandLine) parse(args []string) ([]entry, error) {
	if c.err != nil {
		return nil, c.err
	}
	values := newLastWins()
	for _, f := range c.flags {
		key, ok := c.switches["--"+fold(f.name)]
		if !ok {
			key = f.name
		}
		if f.below != "" {
			key = join(key, f.below)
		}
		if err := checkDepth(key); err != nil {
			return nil, err
		}
		values.set(key, f.value)
	}
	for i := 0; i < len(args); i++ {
		name, value, hasValue := strings.Cut(args[i], "=")
		key, negated, ok := c.key(name, hasValue)
		if !ok {
			return nil, c.refuse(i, args[i])
		}
		takes := i+1 < len(args) && !c.isSwitch(args[i+1], name[0] == '/')
		switch {
		case hasValue:
		case negated && takes:
			return nil, fmt.Errorf("%s means %s=false and takes no value; if you mean a key of that name, write %s=value",
				name, key, name)
		case negated:
			value = "false"
		case takes:
			i++
			value = args[i]
		default:
			value = "true"
		}
		if err := checkDepth(key); err != nil {
			return nil, err
		}
		values.set(key, value)
	}
	return values.entries, nil
}

// key is that of a switch, which has its value with it or not. negated is --no-key.
func (c *commandLine) key(name string, hasValue bool) (key string, negated, ok bool) {
	if c.slash && strings.HasPrefix(name, "/") {
		if key, ok := c.switches["-"+fold(name[1:])]; ok {
			return key, false, true
		}
		name = "--" + name[1:]
	}
	if key, ok := c.switches[fold(name)]; ok {
		return key, false, true
	}
	key, isKey := strings.CutPrefix(name, "--")
	if positive, ok := cutPrefixFold(key, "no-"); ok && isKey && !hasValue && positive != "" {
		if key, ok := c.switches["--"+fold(positive)]; ok {
			return key, true, true
		}
		return positive, true, true
	}
	return key, false, isKey && key != ""
}

func cutPrefixFold(s, prefix string) (after string, found bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}

// isSwitch tells whether an argument cannot be the value of the one before, which
// begins with a slash or not: --contentRoot /app is a path.
func (c *commandLine) isSwitch(arg string, slash bool) bool {
	name, _, _ := strings.Cut(arg, "=")
	_, known := c.switches[fold(name)]
	return known || strings.HasPrefix(arg, "--") || slash && strings.HasPrefix(arg, "/")
}

// refuse tells what to write instead. It hides what follows "=" or the first letter,
// which may be a secret: -phunter2, or the second word of --password my secret.
func (c *commandLine) refuse(i int, arg string) error {
	name, _, hasValue := strings.Cut(arg, "=")
	if hasValue {
		arg = name + "=..."
	}
	if len(name) > 1 && name[0] == '-' && name[1] != '-' {
		if len(name) > 2 {
			arg = name[:2] + "..."
		}
		hint := "there are none"
		if near := spelling.Nearest(name, c.names); near != "" && len(name) > 2 {
			hint = "did you mean " + near + "?"
		} else if len(c.names) > 0 {
			hint = "there are " + strings.Join(c.names, ", ")
		}
		return fmt.Errorf("%q is not one of the short switches; %s; other settings are written with two dashes, --key=value", arg, hint)
	}
	if !hasValue && len(name) > 1 && name[0] != '-' {
		arg = name[:1] + "..."
	}
	return fmt.Errorf("argument %d, %q, is not a setting; write --key=value, --key value, --key or --no-key", i+1, arg)
}
