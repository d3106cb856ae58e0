//go:build !linux

package systemd

import (
	"errors"
	"time"
)

// supported is for systems that have systemd. Where it is false, nothing below is
// called.
const supported = false

func parent() string { return "" }

func isJournal(any) bool { return false }

func monotonic() (time.Duration, error) { return 0, errors.ErrUnsupported }

func closeOnExec(int) {}
