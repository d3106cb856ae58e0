package config

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// fingerprints tell whether the files of sources have changed, by their content:
// events and times say little (V13). Sources without files have an empty one.
func fingerprints(sources []Source) []string {
	prints := make([]string, len(sources))
	for i, s := range sources {
		f, ok := s.(FileBased)
		if !ok {
			continue
		}
		hash := sha256.New() // its Write never fails
		for _, path := range f.Paths() {
			addFingerprint(hash, path, true)
		}
		prints[i] = string(hash.Sum(nil))
	}
	return prints
}

func addFingerprint(w io.Writer, path string, enter bool) {
	add := func(format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }
	info, err := os.Stat(path)
	switch {
	case err != nil:
		add("%q: %v\n", path, err)
	case info.IsDir() && enter:
		entries, err := os.ReadDir(path)
		add("%q: folder %v\n", path, err)
		for _, e := range entries {
			addFingerprint(w, filepath.Join(path, e.Name()), false)
		}
	case info.Mode().IsRegular() && info.Size() <= maxFileSize:
		b, err := os.ReadFile(path)
		add("%q: %v %v %d\n", path, info.Mode(), err, len(b))
		_, _ = w.Write(b)
	default:
		add("%q: %v %d %v\n", path, info.Mode(), info.Size(), info.ModTime())
	}
}
