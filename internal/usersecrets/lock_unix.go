//go:build unix && !aix && !solaris

package usersecrets

import (
	"errors"
	"os"
	"syscall"
)

// lock waits until nobody else has the file locked. Closing it unlocks it.
func lock(f *os.File) error {
	for {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
