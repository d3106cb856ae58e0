// Command fxhost keeps the user secrets of an application: settings of a developer
// that must not lie in the source tree, in a file that
// [github.com/fxhost/fxhost/config.UserSecrets] reads. It is .NET's dotnet
// user-secrets.
//
//	fxhost secrets set KEY [VALUE]   without VALUE it is one line of standard input
//	fxhost secrets list              the keys, without their values
//	fxhost secrets remove KEY
//	fxhost secrets path              where the file is or would be
//
// --app NAME tells the application, by default the name of the working directory.
// The exit code is 0, 1 for a failure, or 2 for a wrong usage.
//
// No value is ever shown. One that is an argument is in the history of the shell
// and in the list of processes; one from standard input is not.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

const usage = `fxhost keeps secrets of an application out of its source tree.

  fxhost secrets set KEY [VALUE]   without VALUE it is one line of standard input
  fxhost secrets list              the keys, without their values
  fxhost secrets remove KEY
  fxhost secrets path              where the file is or would be

  --app NAME   the application, by default the name of the working directory
  --           what follows is no option: a value may begin with -
  -h, --help   this text

The file is plain text that only you can read. It is meant for development.
`

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run returns the exit code.
func run(args []string, in *os.File, out, errs io.Writer) int {
	c, err := parse(args)
	if err == nil {
		err = c.run(in, out, errs)
	}
	if err == nil {
		return 0
	}
	// One line, also for an error that is joined of several.
	_, _ = fmt.Fprintln(errs, "fxhost: "+strings.ReplaceAll(err.Error(), "\n", "; "))
	if wrong := new(usageError); errors.As(err, wrong) {
		return 2
	}
	return 1
}
