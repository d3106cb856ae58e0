package config

import (
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/pflag"
)

// FlagSource is what [Flags] returns: a [Source], and an option of [CommandLine]
// and so of host.NewBuilder.
type FlagSource interface {
	Source
	CommandLineOption
}

// Flags is a [Source] of the flags of a command, for programs whose arguments are
// parsed by pflag or cobra. Only flags that were given count: the default of another
// flag hides no value of an earlier source. Parse the flags before you call it.
//
// A flag's name is its key, as in [CommandLine]: --Worker:Interval is Worker:Interval,
// and --worker-interval is worker-interval. [Switches] gives a flag another key:
//
//	config.Flags(cmd.Flags(), config.Switches(map[string]string{"--worker-interval": "Worker:Interval"}))
//
// A flag of several values is a list, which is merged by index like any other, and a
// flag of pflag's StringToString is a section. All other values are strings.
//
// Give the result to host.NewBuilder as an option, so that flags such as
// --environment and --contentRoot decide which files are read. There it counts as part
// of the command line, before the arguments.
//
// A flag that nothing reads as a setting is an error, as an argument is. If the
// command has flags that are no settings, put those that are into a set of their own,
// and add it to the command's by AddFlagSet.
func Flags(flags *pflag.FlagSet, opts ...CommandLineOption) FlagSource {
	given, err := givenFlags(flags)
	option := commandLineOption(func(c *commandLine) {
		for _, o := range opts {
			o.applyTo(c)
		}
		c.flags = append(c.flags, given...)
		c.err = errors.Join(c.err, err)
	})
	return flagSource{commandLineSource(nil, option), option}
}

type flagSource struct {
	textSource
	commandLineOption
}

// givenFlag is a value of a flag. below is the key of an element below that of the
// flag, "" if the value is that of the flag itself.
type givenFlag struct {
	name, below string
	value       any
}

// givenFlags returns the values of the flags that were given. A set that was added
// to another one, which was parsed, learns only from its flags which ones these are.
func givenFlags(flags *pflag.FlagSet) ([]givenFlag, error) {
	if flags == nil {
		return nil, errors.New("the set of flags is nil")
	}
	var given []givenFlag
	flags.VisitAll(func(f *pflag.Flag) {
		if !f.Changed {
			return
		}
		list, isList := f.Value.(pflag.SliceValue)
		texts, notTexts := flags.GetStringToString(f.Name)
		switch {
		case isList && len(list.GetSlice()) == 0:
			given = append(given, givenFlag{f.Name, "", emptyList{}})
		case isList:
			for i, value := range list.GetSlice() {
				given = append(given, givenFlag{f.Name, strconv.Itoa(i), value})
			}
		case notTexts == nil:
			for _, key := range slices.Sorted(maps.Keys(texts)) {
				given = append(given, givenFlag{f.Name, key, texts[key]})
			}
		default:
			given = append(given, givenFlag{f.Name, "", f.Value.String()})
		}
	})
	return given, nil
}
