package host

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/outline"
	"github.com/fxhost/fxhost/internal/unit"
)

// tellUnit answers --print-unit: a unit of systemd that fits the program, where it is
// and with the settings that are in force.
func (b *Builder) tellUnit(_ string, out *bytes.Buffer) error {
	if err := b.check("Run"); err != nil {
		return err
	}
	options, err := newOptions(b.Configuration, b.configure)
	if err != nil {
		return err
	}
	outline, ok := outline.Of(b.options...)
	if !ok {
		if err := b.Validate(); err != nil {
			return err
		}
	}
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("host: --print-unit: %w", err)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	u := unit.Unit{
		Name: b.name(), Executable: path, Directory: b.Environment.ContentRoot,
		Arguments: b.otherArguments("print-unit", "contentRoot"),
		Notifies:  outline.Notifies, Start: options.StartupTimeout,
	}
	if options.ShutdownTimeout != hosted.NoLimit {
		u.Stop = options.DrainDelay + options.ShutdownTimeout
	}
	if _, given := b.argument("environment"); !given && !b.Environment.IsProduction() {
		u.Environment = append(u.Environment, [2]string{"FXHOST_ENVIRONMENT", b.Environment.Name})
	}
	return u.Write(out)
}

// argument is what the command line sets key to.
func (b *Builder) argument(key string) (value string, given bool) {
	for name, value := range b.arguments {
		if strings.EqualFold(name, key) {
			text, isText := value.(string)
			return text, isText
		}
	}
	return "", false
}

// otherArguments are those of the command line, but for some keys.
func (b *Builder) otherArguments(except ...string) (arguments []string) {
	for _, key := range slices.Sorted(maps.Keys(b.arguments)) {
		value, given := b.argument(key)
		if given && !slices.ContainsFunc(except, func(name string) bool { return strings.EqualFold(name, key) }) {
			arguments = append(arguments, "--"+key+"="+value)
		}
	}
	return arguments
}
