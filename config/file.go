package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/spf13/viper"
)

// File is a [Source] of a file that must exist. Its extension tells the format:
// .json, .yaml, .yml or .toml.
func File(path string) Source { return fileSource{path: path} }

// OptionalFile is like [File], and empty as long as the file does not exist
// (CG-11). A file that is there but cannot be read or parsed is an error.
func OptionalFile(path string) Source { return fileSource{path: path, optional: true} }

// AppSettings are the sources of appsettings.{json,yaml,yml,toml} in contentRoot
// (CF-4), then of appsettings.{environmentName} with the same extensions; all are
// optional. With an empty environmentName there are only the first.
func AppSettings(contentRoot, environmentName string) []Source {
	names := []string{"appsettings"}
	if environmentName != "" {
		// As in CF-3, the name must not lead to another folder.
		names = append(names, "appsettings."+strings.NewReplacer("/", "_", `\`, "_").Replace(environmentName))
	}
	var sources []Source
	for _, name := range names {
		for _, extension := range []string{".json", ".yaml", ".yml", ".toml"} {
			sources = append(sources, OptionalFile(filepath.Join(contentRoot, name+extension)))
		}
	}
	return sources
}

type fileSource struct {
	path     string
	optional bool
}

func (s fileSource) Name() string { return filepath.Base(s.path) }

func (s fileSource) Load() (map[string]any, error) {
	b, err := readFile(s.path)
	var pathError *fs.PathError
	switch {
	case s.optional && errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.As(err, &pathError):
		return nil, pathError.Err // the manager adds the path
	case err != nil:
		return nil, err
	}

	b = bytes.TrimPrefix(b, []byte("\uFEFF")) // the byte order mark of Windows editors
	if !utf8.Valid(b) {
		return nil, errors.New("not a text in UTF-8")
	}
	return decode(strings.ToLower(filepath.Ext(s.path)), b)
}

// readFile refuses what is no file before it opens it: a pipe would wait for ever.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); !mode.IsRegular() && !mode.IsDir() {
		return nil, fmt.Errorf("not a file but a %s", mode.Type())
	}
	return os.ReadFile(path)
}

// decode keeps the case of keys, which a viper would not (V6).
func decode(extension string, b []byte) (map[string]any, error) {
	switch extension {
	case ".json":
		return decodeJSON(b)
	case ".yaml", ".yml", ".toml":
		decoder, err := viper.NewCodecRegistry().Decoder(extension[1:])
		if err != nil {
			return nil, err
		}
		values := map[string]any{}
		if err := decoder.Decode(b, values); err != nil {
			return nil, syntaxError(err)
		}
		return values, nil
	default:
		return nil, fmt.Errorf("unknown extension %q; use .json, .yaml, .yml or .toml", extension)
	}
}

// syntaxError brings the error of a YAML or TOML parser into one line that
// begins with the place, where the parser knows it.
func syntaxError(err error) error {
	text := strings.TrimPrefix(strings.TrimPrefix(err.Error(), "yaml: "), "toml: ")
	if strings.Contains(text, "into map[string]interface {}") {
		return errors.New("the root must be a mapping of keys to values")
	}
	text = strings.TrimPrefix(text, "unmarshal errors:\n  ")
	text = strings.ReplaceAll(text, "\n  ", "; ")

	var at interface{ Position() (row, column int) }
	if errors.As(err, &at) {
		row, column := at.Position()
		return fmt.Errorf("line %d, column %d: %s", row, column, text)
	}
	return errors.New(text)
}
