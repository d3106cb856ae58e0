package host

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/probe"
)

// answer is a switch that [Builder.Run] answers instead of running the program.
type answer struct {
	key    string   // of the command line: --key
	values []string // that it takes; nil for a switch without a value; "true" is none
	tell   func(b *Builder, value string, out *bytes.Buffer) error
}

// answers are all of them. Each is told without calling any constructor.
func answers() []answer {
	return []answer{
		{"version", nil, (*Builder).tellVersion},
		{"check", []string{"true", "build"}, (*Builder).tellCheck},
		{"probe", probe.Names(), (*Builder).tellProbe},
		{"print-manifest", nil, (*Builder).tellManifest},
		{"print-unit", nil, (*Builder).tellUnit},
	}
}

// takes reports whether the value is one for a, not that of a setting of the program.
// Without a value, a switch is "true".
func (a answer) takes(value string) bool { return a.values != nil || value == "true" }

func (a answer) usage() string {
	switch values := slices.DeleteFunc(slices.Clone(a.values), func(v string) bool { return v == "true" }); {
	case len(values) == 0:
		return "--" + a.key
	case len(values) < len(a.values):
		return "--" + a.key + ", or --" + a.key + "=" + strings.Join(values, "|")
	default:
		return "--" + a.key + " " + strings.Join(values, "|")
	}
}

// DisableSwitches turns off switches that [Builder.Run] answers, or all of them if
// none is named. They are then settings like any other.
//
//	builder.DisableSwitches("--version")
func (b *Builder) DisableSwitches(switches ...string) {
	b.notBuilt("DisableSwitches")
	all := answers()
	if len(switches) == 0 {
		b.answers = []answer{}
		return
	}
	for _, name := range switches {
		of := func(a answer) bool { return strings.EqualFold("--"+a.key, name) }
		if !slices.ContainsFunc(all, of) {
			var names []string
			for _, a := range all {
				names = append(names, "--"+a.key)
			}
			b.err = errors.Join(b.err, fmt.Errorf("host: Builder.DisableSwitches at %v: no switch %q; there are %s",
				caller.Here(), name, strings.Join(names, ", ")))
		}
		b.answers = slices.DeleteFunc(b.answers, of)
	}
}

// asked is the switch on the command line that Run has to answer, if there is one.
// What [config.Switches] gives another key is not found here: it is the program's.
func (b *Builder) asked() (a answer, value string, ok bool) {
	for _, a := range b.answers {
		for key, value := range b.arguments {
			if text, isText := value.(string); isText && strings.EqualFold(key, a.key) && a.takes(text) {
				return a, text, true
			}
		}
	}
	return answer{}, "", false
}

// answer writes what a tells to stdout, and what is wrong to stderr.
func (b *Builder) answer(a answer, value string) error {
	var out bytes.Buffer
	var err error
	if a.values != nil && !slices.Contains(a.values, value) {
		err = &usageError{a, value}
	} else {
		err = a.tell(b, value, &out)
	}
	_, failed := out.WriteTo(os.Stdout)
	if err = errors.Join(err, failed); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return err
}

// hintAt says which switch Run would have answered, for a setting that nothing reads.
func hintAt(answers []answer, key string) string {
	for _, a := range answers {
		if strings.EqualFold(a.key, key) {
			return fmt.Sprintf("Run of a host.Builder answers %q", a.usage())
		}
	}
	return ""
}

// usageError is a value that a switch does not take. Its exit code is 2.
type usageError struct {
	answer answer
	value  string
}

func (e *usageError) Error() string {
	given := fmt.Sprintf("%q is not a value of it", e.value)
	if e.value == "true" {
		given = "it needs a value"
	}
	return fmt.Sprintf("host: --%s: %s; write %s", e.answer.key, given, e.answer.usage())
}

// ExitCode is that of a wrong command line.
func (e *usageError) ExitCode() int { return 2 }
