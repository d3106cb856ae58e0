//go:build !windows

package main

import (
	"errors"
	"os"
	"syscall"
)

// syncFolder flushes the names in a folder: syncing a file does not do that for
// its name. File systems that cannot do it are left alone.
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
