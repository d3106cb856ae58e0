package main

import (
	"errors"
	"os"
	"path/filepath"
)

// makeFolder makes a folder, and those above it, on disk.
func makeFolder(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil
	}
	if above := filepath.Dir(path); above != path {
		if err := makeFolder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// writeSynced writes a new file, or a new content, to the disk. A kill can leave
// a part of it: give it a name that nobody reads, and rename it.
func writeSynced(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// replaceFile writes a file so that a reader sees the old or the new content,
// nothing in between, even after a crash.
func replaceFile(path string, content []byte) error {
	temporary := path + ".tmp"
	if err := writeSynced(temporary, content); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}
