// Package exit turns the error that ended a host into a process exit code.
package exit

import "errors"

// Code is 0 for nil, the code of the first error in the tree of err that has
// an ExitCode() int method, and 1 for every other error.
func Code(err error) int {
	if err == nil {
		return 0
	}
	var coder interface{ ExitCode() int }
	if errors.As(err, &coder) {
		return coder.ExitCode()
	}
	return 1
}
