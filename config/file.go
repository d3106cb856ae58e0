package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxFileSize is that of a ConfigMap, far above what people write: the parsers of
// YAML and TOML get slow with many keys. It also keeps a wrong path, say to a
// database, from filling the memory.
const maxFileSize = 1 << 20

// File is a [Source] of a file that must exist. Its extension tells the format:
// .json (comments and trailing commas are allowed), .yaml, .yml, .toml, or .env
// with lines NAME=value, where "__" in a name is ":". At most 1 MiB is read.
func File(path string) Source { return fileSource{path: path} }

// OptionalFile is like [File], and empty as long as the file does not exist
// (CG-11). A file that is there but cannot be read or parsed is an error.
func OptionalFile(path string) Source { return fileSource{path: path, optional: true} }

// AppSettings are the sources of appsettings.{json,yaml,yml,toml} in contentRoot
// (CF-4), then of appsettings.{environmentName} with the same extensions; all are
// optional. With an empty environmentName there are only the first.
func AppSettings(contentRoot, environmentName string) []Source {
	return layered(contentRoot, "appsettings", environmentName)
}

// ApplicationSettings are the sources of {application}.settings and
// {application}.settings.{environmentName}, with the extensions of
// [AppSettings]. Path separators in the name become "_"; with an empty name there
// are none (CF-3).
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

// fileName keeps a name from leading to another folder (CF-3).
func fileName(name string) string { return strings.NewReplacer("/", "_", `\`, "_").Replace(name) }

type fileSource struct {
	path     string
	optional bool
}

func (s fileSource) Name() string    { return filepath.Base(s.path) }
func (s fileSource) Paths() []string { return []string{s.path} }

func (s fileSource) Load() (map[string]any, error) {
	d, err := s.read()
	return d.values, err
}

// read is Load that also tells the lines.
func (s fileSource) read() (decoded, error) {
	b, err := readFile(s.path, maxFileSize)
	var pathError *fs.PathError
	switch {
	case s.optional && errors.Is(err, fs.ErrNotExist):
		return decoded{}, nil
	case errors.As(err, &pathError):
		return decoded{}, pathError.Err // the manager adds the path
	case err != nil:
		return decoded{}, err
	}
	return decode(strings.ToLower(filepath.Ext(s.path)), b)
}

// readFile refuses what is no file before it opens it: a pipe would wait for ever.
func readFile(path string, maxSize int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, errors.New("is a folder, not a file")
	case !mode.IsRegular():
		return nil, fmt.Errorf("is not a file but a %s", mode.Type())
	case info.Size() > maxSize:
		return nil, fmt.Errorf("has %d bytes; a file of settings may have %d at most", info.Size(), maxSize)
	}
	return os.ReadFile(path)
}
