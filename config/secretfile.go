package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// SetSecret gives a key of [UserSecrets] a value. The file is made if need be, for
// the user alone, and replaced as a whole; its comments are not kept.
func SetSecret(application, key, value string) error {
	if slices.Contains(strings.Split(key, delimiter), "") || strings.Count(key, delimiter) >= maxDepth {
		return fmt.Errorf("config: user secrets: %q is no key", key)
	}
	if !utf8.ValidString(key) || !utf8.ValidString(value) { // JSON would change it
		return errors.New("config: user secrets: the key or its value is not a text in UTF-8")
	}
	return editSecrets(application, func(secrets map[string]any) error {
		deleteFold(secrets, key)
		secrets[key] = value
		return nil
	})
}

// RemoveSecret removes a key of [UserSecrets]; it is an error if it is not there.
func RemoveSecret(application, key string) error {
	return editSecrets(application, func(secrets map[string]any) error {
		if !deleteFold(secrets, key) {
			return fmt.Errorf("config: user secrets: there is no key %q", key)
		}
		return nil
	})
}

// SecretKeys returns the keys of [UserSecrets] in order.
func SecretKeys(application string) ([]string, error) {
	secrets, _, err := readSecrets(application)
	return slices.Sorted(maps.Keys(secrets)), err
}

// readSecrets returns the secrets by whole key.
func readSecrets(application string) (secrets map[string]any, path string, err error) {
	if path, err = SecretsPath(application); err != nil {
		return nil, "", err
	}
	entries, err := read(userSecrets{path})
	if err != nil {
		return nil, "", fmt.Errorf("config: %s: %w", path, err)
	}
	secrets = map[string]any{}
	for _, e := range entries {
		switch e.value.(type) {
		case emptyList:
			secrets[e.key] = []any{}
		case emptySection:
			secrets[e.key] = map[string]any{}
		default:
			secrets[e.key] = e.value
		}
	}
	return secrets, path, nil
}

func editSecrets(application string, edit func(map[string]any) error) error {
	secrets, path, err := readSecrets(application)
	if err != nil {
		return err
	}
	if err := edit(secrets); err != nil {
		return err
	}
	b, err := json.MarshalIndent(secrets, "", "  ")
	if err != nil {
		return fmt.Errorf("config: user secrets: %w", err)
	}
	if len(b) >= maxFileSize { // nothing could read it any more, nor remove a key
		return fmt.Errorf("config: user secrets: the file would have more than %d bytes", maxFileSize)
	}
	if err := writePrivate(path, append(b, '\n')); err != nil {
		return fmt.Errorf("config: user secrets: %w", err)
	}
	return nil
}

// writePrivate replaces a file in one step; CreateTemp makes it for the user alone.
func writePrivate(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
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

// deleteFold removes a key in any case, and tells whether it was there.
func deleteFold(secrets map[string]any, key string) bool {
	n := len(secrets)
	maps.DeleteFunc(secrets, func(k string, _ any) bool { return fold(k) == fold(key) })
	return len(secrets) < n
}
