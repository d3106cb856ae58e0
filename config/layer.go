package config

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/fxhost/fxhost/internal/printable"
	"github.com/fxhost/fxhost/internal/settingsfile"
)

// layer is one source with the values it had.
type layer struct {
	source  Source
	entries []entry     // nil if the source was not there
	print   fingerprint // of the content that they were made of
}

// fingerprint tells whether the content of files has changed: events and times say
// little. Sources without files have none, "".
type fingerprint string

// content is what a source has read from its files, and the entries in it. Sources
// without files read when they are asked for the entries.
type content struct {
	print   fingerprint
	entries func() ([]entry, error)
}

// fileReader is a [FileBased] source of this package. It reads each file once, for
// the fingerprint and for the entries.
type fileReader interface {
	FileBased

	read() content
}

// confidential is a [Source] whose values are all secrets, whatever their keys
// are.
type confidential interface{ confidential() }

// look reads the files of a source. Its entries are made later, if they are needed.
func look(s Source) content {
	switch s := s.(type) {
	case fileReader:
		return s.read()
	case chained:
		return content{entries: s.entries}
	case textSource:
		return content{entries: s.load}
	case flagSource:
		return content{entries: s.load}
	}
	c := content{entries: func() ([]entry, error) {
		values, err := s.Load()
		if err != nil || values == nil {
			return nil, err
		}
		return flatten(values)
	}}
	if f, ok := s.(FileBased); ok {
		var parts []any
		for _, path := range f.Paths() {
			parts = append(parts, contentAt(path)...)
		}
		c.print = fingerprintOf(parts...)
	}
	return c
}

// contentAt is that of a file or directory, for a source that reads it by itself.
func contentAt(path string) []any {
	names, err := os.ReadDir(path)
	if err != nil { // it is no folder
		b, err := settingsfile.Bytes(path)
		return []any{path, b, err}
	}
	parts := []any{path}
	for _, name := range names {
		b, err := settingsfile.Bytes(filepath.Join(path, name.Name()))
		parts = append(parts, name.Name(), b, err)
	}
	return parts
}

func fingerprintOf(parts ...any) fingerprint {
	hash := sha256.New()
	for _, part := range parts {
		b, _ := part.([]byte)
		if b == nil {
			b = fmt.Append(nil, part)
		}
		_, _ = fmt.Fprintf(hash, "%T %d:", part, len(b))
		_, _ = hash.Write(b) // it never fails
	}
	return fingerprint(hash.Sum(nil))
}

// looks calls look for each source.
func looks(sources []Source) (contents []content, prints []fingerprint) {
	for _, s := range sources {
		c := look(s)
		contents, prints = append(contents, c), append(prints, c.print)
	}
	return contents, prints
}

// load makes the layers of sources, all of them or none. A file that has the
// content it had before is not parsed again.
func load(sources []Source, contents []content, before []layer) ([]layer, error) {
	layers := make([]layer, 0, len(sources))
	for i, s := range sources {
		if _, own := s.(fileReader); own && i < len(before) && contents[i].print == before[i].print {
			layers = append(layers, before[i])
			continue
		}
		entries, err := contents[i].entries()
		if err != nil {
			return nil, fmt.Errorf("config: %s: %w", printable.Text(fullName(s)), err)
		}
		if _, chain := s.(chained); !chain { // which knows where its values are from
			_, secret := s.(confidential)
			name := s.Name()
			for i := range entries {
				entries[i].from.source, entries[i].from.secret = name, secret
			}
		}
		layers = append(layers, layer{source: s, entries: entries, print: contents[i].print})
	}
	return layers, nil
}

// fullName is the name of a source that failed to load; a file has its whole path.
func fullName(s Source) string {
	if f, ok := s.(FileBased); ok {
		if paths := f.Paths(); len(paths) == 1 {
			if absolute, err := filepath.Abs(paths[0]); err == nil {
				return absolute
			}
			return paths[0]
		}
	}
	return s.Name()
}

// withoutPath leaves out the path: whoever reads the error has it already.
func withoutPath(err error) error {
	if e := new(fs.PathError); errors.As(err, &e) {
		return e.Err
	}
	return err
}
