package host

import "github.com/fxhost/fxhost/internal/exit"

// ExitCode returns the exit code for a program that ends with err: 0 for nil, the
// code of the first error in err's tree that has a method ExitCode() int, if that is
// from 0 to 255, and 1 for any other error.
//
//	os.Exit(host.ExitCode(builder.Run(context.Background())))
func ExitCode(err error) int { return exit.Code(err) }
