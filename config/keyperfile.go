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
)

const maxKeyFileSize = 1 << 20

// KeyPerFile is a [Source] of a folder in which each file is a key and its content
// the value, as Docker and Kubernetes mount secrets (.NET: AddKeyPerFile, CG-10).
// "__" in a file's name is ":"; one line break at the end of the content is
// removed. Folders, and files that begin with "ignore." or "..", are passed over.
// All values count as secrets. A file has at most 1 MiB.
//
// The folder must exist.
func KeyPerFile(folder string) Source { return newKeyPerFile(folder, false) }

// OptionalKeyPerFile is like [KeyPerFile], and empty as long as the folder does
// not exist.
func OptionalKeyPerFile(folder string) Source {
	return newKeyPerFile(folder, true)
}

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

func (s keyPerFile) Paths() []string {
	if s.folder == "" {
		return nil
	}
	return []string{s.folder}
}

// Load reads the folder again, after a moment, when a file has gone or the files
// were swapped while it did: Kubernetes replaces all at once by another ..data.
func (s keyPerFile) Load() (values map[string]any, err error) {
	if s.folder == "" {
		return nil, errors.New(`the name of the folder is empty; write "." for the working directory`)
	}
	for try := range 5 {
		if try > 0 {
			time.Sleep(10 * time.Millisecond)
		}
		before, _ := os.Readlink(filepath.Join(s.folder, "..data"))
		values, err = s.load()
		after, _ := os.Readlink(filepath.Join(s.folder, "..data"))
		switch {
		case before != after:
			err = errors.New("its files change all the time") // of several versions
		case !errors.Is(err, fs.ErrNotExist):
			return values, err
		}
		if _, folderErr := os.Stat(s.folder); errors.Is(folderErr, fs.ErrNotExist) {
			if s.optional {
				return nil, nil
			}
			return nil, cause(folderErr)
		}
	}
	return nil, err
}

func (s keyPerFile) load() (map[string]any, error) {
	if info, err := os.Stat(s.folder); err == nil && !info.IsDir() {
		return nil, errors.New("is not a folder; a folder with one file for each key is wanted")
	}
	files, err := os.ReadDir(s.folder)
	if err != nil {
		return nil, cause(err)
	}
	values := make(map[string]any, len(files))
	for _, f := range files {
		path := filepath.Join(s.folder, f.Name())
		if strings.HasPrefix(f.Name(), "ignore.") || strings.HasPrefix(f.Name(), "..") || isFolder(path) {
			continue
		}
		b, err := readFile(path, maxKeyFileSize)
		switch {
		case err != nil:
			return nil, fmt.Errorf("file %q: %w", f.Name(), cause(err))
		case !utf8.Valid(b):
			return nil, fmt.Errorf("file %q: not a text in UTF-8", f.Name())
		}
		key := envKey(f.Name())
		if _, twice := values[key]; twice {
			return nil, fmt.Errorf("file %q: another file is the same key %s; keep one", f.Name(), key)
		}
		value := strings.TrimPrefix(string(b), byteOrderMark)
		if line, ok := strings.CutSuffix(value, "\n"); ok {
			value = strings.TrimSuffix(line, "\r")
		}
		values[key] = value
	}
	return values, nil
}

// cause leaves out the path: whoever reads the error has it already.
func cause(err error) error {
	if e := new(fs.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}
