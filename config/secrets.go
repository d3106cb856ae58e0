package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// UserSecrets is a [Source] of the file at [SecretsPath], in JSON: settings of a
// developer that must not lie in the source tree (.NET: AddUserSecrets, CG-14). It
// is optional, plain text, and meant for development. All values count as secrets.
// A file that others may read or write is an error. Where there is no home folder
// it is empty.
func UserSecrets(application string) Source {
	path, _ := SecretsPath(application) // "" if there can be none
	return userSecrets{path}
}

// SecretsPath is where [UserSecrets] of an application are: secrets.json in
// fxhost/{application} in the user's configuration folder, see os.UserConfigDir.
// Path separators in the name become "_".
func SecretsPath(application string) (string, error) {
	name := fileName(application)
	if name == "" || name == "." || name == ".." {
		return "", fmt.Errorf("config: user secrets: %q is no name of an application", application)
	}
	folder, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("config: user secrets: %w", err)
	}
	return filepath.Join(folder, "fxhost", name, "secrets.json"), nil
}

type userSecrets struct{ path string }

func (s userSecrets) Name() string  { return "user secrets" }
func (s userSecrets) confidential() {}

func (s userSecrets) Paths() []string {
	if s.path == "" {
		return nil
	}
	return []string{s.path}
}

func (s userSecrets) Load() (map[string]any, error) {
	d, err := s.read()
	return d.values, err
}

func (s userSecrets) read() (decoded, error) {
	if s.path == "" {
		return decoded{}, nil
	}
	if err := checkPrivate(s.path); err != nil {
		return decoded{}, err
	}
	return fileSource{path: s.path, optional: true}.read()
}

// checkPrivate refuses a file that others may read or write. Windows has no such
// modes.
func checkPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS == "windows" || info.IsDir() {
		return nil //nolint:nilerr // reading it will tell
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return errors.New("others may read it (mode " + fmt.Sprintf("%04o", mode) + "); run: chmod 600 " + path)
	}
	return nil
}
