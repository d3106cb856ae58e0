//go:build !windows && (!unix || aix || solaris)

package usersecrets

import (
	"errors"
	"os"
)

// lock fails: two that write at a time could lose what one of them wrote.
func lock(*os.File) error { return errors.ErrUnsupported }
