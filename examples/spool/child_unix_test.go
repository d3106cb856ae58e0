//go:build linux || darwin

package main

import (
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// fileLimit is the size in bytes above which the worker cannot write a file: the
// nearest thing to a full disk that needs no rights.
const fileLimit = "WORKER_TEST_FILE_LIMIT"

func prepareChild() {
	limit, err := strconv.ParseUint(os.Getenv(fileLimit), 10, 63)
	if err != nil {
		return
	}
	signal.Ignore(syscall.SIGXFSZ) // so that the write fails instead
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		panic(err)
	}
}
