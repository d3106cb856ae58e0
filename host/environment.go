package host

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/fxhost/fxhost/config"
)

// The names of the usual environments (.NET: Environments).
const (
	Development = "Development"
	Staging     = "Staging"
	Production  = "Production"
)

// Environment is where the application runs (.NET: IHostEnvironment). It is
// injectable as *Environment.
type Environment struct {
	// Name is Production unless the key "environment" says otherwise, as
	// FXHOST_ENVIRONMENT and --environment do.
	Name string
	// ApplicationName is that of the executable, without extension, unless the
	// key "applicationName" says otherwise.
	ApplicationName string
	// ContentRoot is the absolute path of the folder that holds appsettings.json
	// and that relative paths start from: the working directory unless the key
	// "contentRoot" says otherwise. On Windows, if the working directory is a folder of
	// the system, where services start, it is the folder of the executable.
	ContentRoot string
}

// newEnvironment reads the three keys from what was loaded so far.
func newEnvironment(configuration *config.Manager) (*Environment, error) {
	get := func(key, otherwise string) string {
		if value, ok := configuration.Get(key); ok && value != "" {
			return value
		}
		return otherwise
	}
	root, err := filepath.Abs(get("contentRoot", defaultContentRoot()))
	if err != nil {
		return nil, fmt.Errorf("config: contentRoot: %w", err)
	}
	if info, err := os.Stat(root); err != nil {
		return nil, fmt.Errorf("config: contentRoot: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("config: contentRoot: %s is not a folder", root)
	}
	return &Environment{
		Name:            get("environment", Production),
		ApplicationName: get("applicationName", executable()),
		ContentRoot:     root,
	}, nil
}

// executable is the name of the program's file, without extension.
func executable() string {
	name := filepath.Base(os.Args[0])
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// source has the three keys, for those who read them.
func (e *Environment) source() config.Source {
	return config.Func("host", func() (map[string]any, error) {
		return map[string]any{"environment": e.Name, "applicationName": e.ApplicationName, "contentRoot": e.ContentRoot}, nil
	})
}

// FS is the content root as a file system.
func (e *Environment) FS() fs.FS { return os.DirFS(e.ContentRoot) }

// Path is name within the content root; an absolute name is itself.
func (e *Environment) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(e.ContentRoot, name)
}

// Is tells whether the environment has this name, in any case.
func (e *Environment) Is(name string) bool { return strings.EqualFold(e.Name, name) }

// IsDevelopment tells whether this is [Development].
func (e *Environment) IsDevelopment() bool { return e.Is(Development) }

// IsStaging tells whether this is [Staging].
func (e *Environment) IsStaging() bool { return e.Is(Staging) }

// IsProduction tells whether this is [Production].
func (e *Environment) IsProduction() bool { return e.Is(Production) }
