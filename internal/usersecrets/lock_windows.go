package usersecrets

import (
	"os"

	"golang.org/x/sys/windows"
)

// lock waits until nobody else has the file locked. Closing it unlocks it.
func lock(f *os.File) error {
	return windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK, 0, 1, 0, &windows.Overlapped{})
}
