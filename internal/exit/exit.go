// Package exit turns the error that ended a host into a process exit code.
package exit

import "errors"

// Code is 0 for nil, the code of the first error in the tree of err that has
// an ExitCode() int method, and 1 for every other error. A code that no process
// can have, outside of 0 to 255, is 1, so that a failure does not become a
// success.
func Code(err error) int {
	if err == nil {
		return 0
	}
	var coder interface{ ExitCode() int }
	if errors.As(err, &coder) {
		if code := coder.ExitCode(); code >= 0 && code <= 255 {
			return code
		}
	}
	return 1
}
