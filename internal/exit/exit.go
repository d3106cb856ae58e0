// Package exit turns the error that ended a host into a process exit code.
package exit

import "github.com/fxhost/fxhost/internal/safe"

// Code is 0 for nil, the code of the first error in the tree of err that has
// an ExitCode() int method, and 1 for every other error. A code that no process
// can have, outside of 0 to 255, is 1, so that a failure does not become a
// success. So is that of an error whose methods panic.
func Code(err error) (code int) {
	if err == nil {
		return 0
	}
	defer func() {
		if recover() != nil {
			code = 1
		}
	}()
	if coder, ok := safe.As[interface{ ExitCode() int }](err); ok {
		if code := coder.ExitCode(); code >= 0 && code <= 255 {
			return code
		}
	}
	return 1
}
