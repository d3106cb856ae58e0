// Package usersecrets keeps settings of a developer that must not lie in the source
// tree, in one file for each application, for the user alone.
package usersecrets

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fxhost/fxhost/internal/printable"
	"github.com/fxhost/fxhost/internal/settingsfile"
)

// Path is where the secrets of an application are: secrets.json in
// fxhost/{application} in the user's configuration folder, see os.UserConfigDir.
// Path separators in the name become "_".
func Path(application string) (string, error) {
	name := strings.NewReplacer("/", "_", `\`, "_").Replace(application)
	if name == "" || name == "." || name == ".." {
		return "", fmt.Errorf("user secrets: %q is no name of an application", application)
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("user secrets: %w", err)
	}
	return filepath.Join(folder, "fxhost", name, "secrets.json"), nil
}

// CheckPrivate refuses a file that others may read or write. Windows has no such
// modes.
func CheckPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" || info.IsDir() {
		return nil //nolint:nilerr // reading it will tell
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return fmt.Errorf("others may read it (mode %04o); run: chmod 600 %s", mode, path)
	}
	return nil
}

// List returns the keys in order.
func List(application string) ([]string, error) {
	path, err := Path(application)
	if err != nil {
		return nil, err
	}
	secrets, err := read(path)
	return slices.Sorted(maps.Keys(secrets)), err
}

// Set gives a key a value. The file is made if need be and replaced as a whole; its
// comments are not kept.
func Set(application, key, value string) error {
	names := strings.Split(key, settingsfile.Delimiter)
	if slices.Contains(names, "") || len(names) > settingsfile.MaxDepth || printable.Text(key) != key && utf8.ValidString(key) {
		return fmt.Errorf("user secrets: %q is no key", key)
	}
	if !utf8.ValidString(key) || !utf8.ValidString(value) { // JSON would change it
		return errors.New("user secrets: the key or its value is not a text in UTF-8")
	}
	return edit(application, func(secrets map[string]any) error {
		remove(secrets, key)
		secrets[key] = value
		return nil
	})
}

// Remove removes a key; it is an error if it is not there.
func Remove(application, key string) error {
	return edit(application, func(secrets map[string]any) error {
		if !remove(secrets, key) {
			return fmt.Errorf("user secrets: there is no key %q", key)
		}
		return nil
	})
}

// remove removes a key in any case, and tells whether it was there.
func remove(secrets map[string]any, key string) bool {
	n := len(secrets)
	maps.DeleteFunc(secrets, func(k string, _ any) bool { return strings.EqualFold(k, key) })
	return len(secrets) < n
}

// read returns the secrets by whole key.
func read(path string) (map[string]any, error) {
	if err := CheckPrivate(path); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	entries, err := settingsfile.Read(path)
	if e := new(fs.PathError); errors.As(err, &e) {
		if errors.Is(err, fs.ErrNotExist) {
			return map[string]any{}, nil
		}
		err = e.Err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	secrets := map[string]any{}
	for _, e := range entries {
		switch e.Value.(type) {
		case settingsfile.EmptyList:
			secrets[e.Key] = []any{}
		default: // an EmptySection is {}
			secrets[e.Key] = e.Value
		}
	}
	return secrets, nil
}

// edit changes the secrets. Two that do so at a time wait for each other, by a lock
// on a file beside them, which stays there.
func edit(application string, change func(map[string]any) error) error {
	path, err := Path(application)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("user secrets: %w", err)
	}
	guard, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("user secrets: %w", err)
	}
	defer func() { _ = guard.Close() }() // nothing was written to it
	if err := lock(guard); err != nil {
		return fmt.Errorf("user secrets: lock %s: %w", guard.Name(), err)
	}
	secrets, err := read(path)
	if err != nil {
		return err
	}
	if err := change(secrets); err != nil {
		return err
	}
	b, err := json.MarshalIndent(secrets, "", "  ")
	if err != nil {
		return fmt.Errorf("user secrets: %w", err)
	}
	if len(b) >= settingsfile.MaxSize { // nothing could read it any more, nor remove a key
		return fmt.Errorf("user secrets: the file would have more than %d bytes", settingsfile.MaxSize)
	}
	if err := write(path, append(b, '\n')); err != nil {
		return fmt.Errorf("user secrets: %w", err)
	}
	return nil
}

// write replaces a file in one step; CreateTemp makes it for the user alone.
func write(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "secrets-*.tmp")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // err says what is wrong
	}
	return err
}
