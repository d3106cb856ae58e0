//go:build unix

package benchmarks

import (
	"syscall"
	"time"
)

// now is the processor time that the process has used so far. Unlike the time of
// the wall it counts what the garbage collector does on other threads, and does
// not count what other processes do.
func now() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
