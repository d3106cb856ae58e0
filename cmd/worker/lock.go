package main

import "errors"

// errLocked is returned by lockFile when another process has the lock.
//
// lockFile takes an exclusive lock on an open file and does not wait. The system
// releases it when the file is closed and when the process ends, however it
// ends, so that a killed worker leaves no lock behind. It binds only those who
// lock, too: others can read the file.
var errLocked = errors.New("locked by another process")
