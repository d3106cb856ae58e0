package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/fxhost/fxhost/internal/printable"
	"github.com/fxhost/fxhost/internal/settingsfile"
)

// File is a [Source] of a file that must exist. Its extension tells the format:
// .json (comments and trailing commas are allowed), .yaml, .yml, .toml, or .env
// with lines NAME=value, where "__" in a name is ":". A file has at most 1 MiB and
// 50,000 keys. Keys $schema, which are for editors, are ignored. A relative path
// starts from the directory given to [Manager.SetBasePath], which is the content
// root of a host.
func File(path string) Source { return fileSource{path: path} }

// OptionalFile is like [File], and empty as long as the file does not exist. A file
// that is there but cannot be read or parsed is an error.
func OptionalFile(path string) Source { return fileSource{path: path, optional: true} }

// AppSettings are the sources of appsettings.{json,yaml,yml,toml} in contentRoot,
// then of appsettings.{environmentName} with the same extensions; all are
// optional. With an empty environmentName there are only the first.
func AppSettings(contentRoot, environmentName string) []Source {
	return layered(contentRoot, "appsettings", environmentName)
}

// ApplicationSettings are the sources of {application}.settings and
// {application}.settings.{environmentName}, with the extensions of
// [AppSettings]. Path separators in the name become "_"; with an empty name there
// are none.
func ApplicationSettings(contentRoot, application, environmentName string) []Source {
	if application == "" {
		return nil
	}
	return layered(contentRoot, fileName(application)+".settings", environmentName)
}

func layered(folder, name, environmentName string) []Source {
	names := []string{name}
	if environmentName != "" {
		names = append(names, name+"."+fileName(environmentName))
	}
	var sources []Source
	for _, name := range names {
		for _, extension := range []string{".json", ".yaml", ".yml", ".toml"} {
			sources = append(sources, OptionalFile(filepath.Join(folder, name+extension)))
		}
	}
	return sources
}

// fileName keeps a name from leading to another folder.
func fileName(name string) string { return strings.NewReplacer("/", "_", `\`, "_").Replace(name) }

type fileSource struct {
	path     string
	optional bool
}

func (s fileSource) Name() string {
	if s.path == "" {
		return "a file"
	}
	return filepath.Base(s.path)
}

func (s fileSource) Paths() []string {
	if s.path == "" {
		return nil
	}
	return []string{s.path}
}

// from implements relative.
func (s fileSource) from(folder string) Source {
	s.path = within(folder, s.path)
	return s
}

// relative is a source whose path may start from another folder than the working
// directory.
type relative interface{ from(folder string) Source }

// within is a path that starts from a folder if it is relative. An empty one stays.
func within(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

func (s fileSource) Load() (map[string]any, error) {
	entries, err := s.read().entries()
	return asMap(entries), err
}

func (s fileSource) read() content {
	if s.path == "" {
		return content{entries: func() ([]entry, error) { return nil, errors.New("its name is empty") }}
	}
	b, err := settingsfile.Bytes(s.path)
	if s.optional && errors.Is(err, fs.ErrNotExist) {
		return content{entries: func() ([]entry, error) { return nil, nil }}
	}
	return content{print: fingerprintOf(b, err), entries: func() ([]entry, error) {
		if folder := filepath.Dir(s.path); errors.Is(err, fs.ErrNotExist) && !isFolder(folder) {
			return nil, fmt.Errorf("%w; there is no folder %s", withoutPath(err), printable.Text(folder))
		} else if err != nil {
			return nil, withoutPath(err)
		}
		read, err := settingsfile.Parse(filepath.Ext(s.path), b)
		entries := make([]entry, 0, len(read))
		for _, e := range read {
			if name := e.Key[strings.LastIndex(e.Key, delimiter)+1:]; name != "$schema" {
				entries = append(entries, entry{key: e.Key, value: e.Value, from: origin{line: e.Line}})
			}
		}
		return entries, err
	}}
}
