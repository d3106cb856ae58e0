package config

import "github.com/fxhost/fxhost/internal/usersecrets"

// UserSecrets is a [Source] of the secrets that the command fxhost secrets keeps
// for an application: settings of a developer that must stay out of the source tree
// (.NET: AddUserSecrets). They are meant for development, and are plain text in
// secrets.json below the user's configuration directory; fxhost secrets path prints
// the path. The file is optional. All values count as secrets. A file that others
// may read or write is an error. Without a home directory the source is empty.
func UserSecrets(application string) Source {
	path, _ := usersecrets.Path(application) // "" if there can be none
	return userSecrets{fileSource{path: path, optional: true}}
}

type userSecrets struct{ file fileSource }

func (s userSecrets) Name() string  { return "user secrets" }
func (s userSecrets) confidential() {}

func (s userSecrets) Paths() []string {
	if s.file.path == "" {
		return nil
	}
	return s.file.Paths()
}

func (s userSecrets) Load() (map[string]any, error) {
	entries, err := s.read().entries()
	return asMap(entries), err
}

func (s userSecrets) read() content {
	if s.file.path == "" {
		return content{entries: func() ([]entry, error) { return nil, nil }}
	}
	if err := usersecrets.CheckPrivate(s.file.path); err != nil {
		return content{print: fingerprintOf(err), entries: func() ([]entry, error) { return nil, err }}
	}
	return s.file.read()
}
