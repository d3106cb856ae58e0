package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxhost/fxhost/internal/settingsfile"
)

// KeyPerFile is a [Source] of a directory in which each file is a key and its content
// the value, as Docker and Kubernetes mount secrets (.NET: AddKeyPerFile). "__" in
// a file's name is ":"; one line break at the end of the content is removed.
// Directories, and files whose name begins with "ignore." or "..", are ignored. All
// values count as secrets. A file has at most 1 MiB.
//
// The directory must exist. A relative path starts where that of a [File] does.
func KeyPerFile(folder string) Source { return newKeyPerFile(folder, false) }

// OptionalKeyPerFile is like [KeyPerFile], and empty as long as the directory does
// not exist.
func OptionalKeyPerFile(folder string) Source { return newKeyPerFile(folder, true) }

// newKeyPerFile keeps an empty name empty: as "." it would take each file of the
// working directory for a secret, say when a variable with the folder is not set.
func newKeyPerFile(folder string, optional bool) Source {
	if folder != "" {
		folder = filepath.Clean(folder)
	}
	return keyPerFile{folder: folder, optional: optional}
}

type keyPerFile struct {
	folder   string
	optional bool
}

func (s keyPerFile) Name() string  { return cmp.Or(s.folder, "a file per key") }
func (s keyPerFile) confidential() {}

// from implements relative.
func (s keyPerFile) from(folder string) Source {
	s.folder = within(folder, s.folder)
	return s
}

func (s keyPerFile) Paths() []string {
	if s.folder == "" {
		return nil
	}
	return []string{s.folder}
}

func (s keyPerFile) Load() (map[string]any, error) {
	entries, err := s.read().entries()
	return asMap(entries), err
}

func (s keyPerFile) read() content {
	entries, err := s.swapped()
	parts := []any{err}
	for _, e := range entries {
		parts = append(parts, e.key, e.value)
	}
	return content{print: fingerprintOf(parts...), entries: func() ([]entry, error) { return entries, err }}
}

// swapped reads the folder again, after a moment, when a file has gone or the
// files were swapped while it did: Kubernetes replaces all at once by another
// ..data.
func (s keyPerFile) swapped() (entries []entry, err error) {
	if s.folder == "" {
		return nil, errors.New(`the name of the folder is empty; write "." for the working directory`)
	}
	for try := range 5 {
		if try > 0 {
			time.Sleep(10 * time.Millisecond)
		}
		before, _ := os.Readlink(filepath.Join(s.folder, "..data"))
		entries, err = s.entries()
		after, _ := os.Readlink(filepath.Join(s.folder, "..data"))
		switch {
		case before != after:
			err = errors.New("its files change all the time") // of several versions
		case !errors.Is(err, fs.ErrNotExist):
			return entries, err
		}
		if _, folderErr := os.Stat(s.folder); errors.Is(folderErr, fs.ErrNotExist) {
			if s.optional {
				return nil, nil
			}
			return nil, withoutPath(folderErr)
		}
	}
	return nil, err
}

func (s keyPerFile) entries() ([]entry, error) {
	if info, err := os.Stat(s.folder); err == nil && !info.IsDir() {
		return nil, errors.New("is not a folder; a folder with one file for each key is wanted")
	}
	files, err := os.ReadDir(s.folder)
	if err != nil {
		return nil, withoutPath(err)
	}
	entries := []entry{}
	seen := map[string]string{}
	for _, f := range files {
		path := filepath.Join(s.folder, f.Name())
		if strings.HasPrefix(f.Name(), "ignore.") || strings.HasPrefix(f.Name(), "..") || isFolder(path) {
			continue
		}
		b, err := settingsfile.Bytes(path)
		key := settingsfile.EnvironmentKey(f.Name())
		other, twice := seen[fold(key)]
		switch {
		case err != nil:
			return nil, fmt.Errorf("file %q: %w", f.Name(), withoutPath(err))
		case !utf8.Valid(b):
			return nil, fmt.Errorf("file %q: not a text in UTF-8", f.Name())
		case twice && other == key:
			return nil, fmt.Errorf("file %q: another file is the same key %s; keep one", f.Name(), key)
		case twice:
			return nil, sameKey(other, key)
		}
		if err := checkDepth(key); err != nil {
			return nil, err
		}
		seen[fold(key)] = key
		value := string(settingsfile.TrimByteOrderMark(b))
		if line, ok := strings.CutSuffix(value, "\n"); ok {
			value = strings.TrimSuffix(line, "\r")
		}
		entries = append(entries, entry{key: key, value: value})
	}
	return entries, nil
}
