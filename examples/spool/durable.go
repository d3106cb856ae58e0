package main

import (
	"errors"
	"os"
	"path/filepath"
)

// makeFolder creates a folder and its parents, and flushes them to disk.
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

// writeSynced writes a file and flushes it to disk. If the process is killed, the
// file can be incomplete: use a temporary name, and rename the file afterwards.
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

// replaceFile replaces a file. Readers see either the old or the new content, even
// after a crash. The temporary file always has the same name, so that the next
// write reuses it. google/renameio uses a new name each time, which would leave a
// file behind each time the process is killed, and it does not build for Windows.
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
