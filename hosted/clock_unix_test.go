//go:build unix

package hosted_test

import (
	"syscall"
	"time"
)

// clock is the processor time of the process, which does not depend on what else
// the machine does.
func clock() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // that of the process itself can be had
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
