//go:build !windows

package main

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder flushes the directory entries of a folder, which syncing a file does
// not. It does nothing on file systems that do not support this.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	err = folder.Sync()
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		err = nil
	}
	return errors.Join(err, folder.Close())
}
