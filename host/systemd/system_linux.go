package systemd

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// supported is for systems that have systemd.
const supported = true

// parent is the name of the parent process, "" if that cannot be read.
func parent() string {
	name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", os.Getppid()))
	return strings.TrimSpace(string(name))
}

// isJournal tells whether what is written to output gets to the journal: the stream
// that systemd has connected to it is in JOURNAL_STREAM, by its device and inode. A
// nil output is stdout.
func isJournal(output any) bool {
	if output == nil {
		output = os.Stdout
	}
	file, ok := output.(interface{ Fd() uintptr })
	if !ok {
		return false
	}
	var stat unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &stat); err != nil {
		return false
	}
	return os.Getenv("JOURNAL_STREAM") == fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}

// monotonic is the time of CLOCK_MONOTONIC, which systemd compares with its own.
func monotonic() (time.Duration, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0, fmt.Errorf("systemd: read CLOCK_MONOTONIC: %w", err)
	}
	return time.Duration(now.Nano()), nil
}

func closeOnExec(fd int) { unix.CloseOnExec(fd) }
