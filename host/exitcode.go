package host

import "github.com/fxhost/fxhost/internal/exit"

// ExitCode is what a program that ends with err should exit with: 0 for nil,
// what the first error in err's tree says by a method ExitCode() int if that is
// from 0 to 255, else 1.
//
//	os.Exit(host.ExitCode(builder.Run(context.Background())))
func ExitCode(err error) int { return exit.Code(err) }
