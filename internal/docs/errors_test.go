package docs_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/internal/usersecrets"
	"github.com/fxhost/fxhost/logging"
)

// section Worker of the texts.
type workerKeys struct {
	Interval      time.Duration
	TokenLifetime time.Duration
	MaxSize       config.Size
	Limit         int
	Name          string
	Tags          []string
}

func (w *workerKeys) Validate() error {
	if w.Limit > 1000 {
		return &config.KeyError{Key: "Limit", Err: errors.New("must be 1 to 1000")}
	}
	return nil
}

// configErrors makes what the situations of errors.md say, below the folder app.
func configErrors(t *testing.T, app, home string) map[string]error {
	t.Helper()
	read := func(sources ...config.Source) error {
		manager, err := config.New(sources...)
		if err != nil {
			return err
		}
		if _, err := config.NewMonitor[workerKeys](manager, "Worker"); err != nil {
			return err
		}
		_, err = logging.New(manager, logging.Settings{})
		return err
	}
	file := func(lines ...string) error {
		t.Helper()
		path := filepath.Join(app, "appsettings.json")
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
		return read(config.File(path))
	}
	arguments := func(args ...string) error { return read(config.CommandLine(args)) }
	unreadable := func() error {
		path := filepath.Join(app, "appsettings.json")
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, 0)); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = os.Remove(path) }()
		return read(config.File(path))
	}
	open := func() error {
		if err := usersecrets.Set("worker", "Db:Password", "hunter2"); err != nil {
			t.Fatal(err)
		}
		path, err := usersecrets.Path("worker")
		if err := errors.Join(err, os.Chmod(path, 0o644)); err != nil {
			t.Fatal(err)
		}
		err = read(config.UserSecrets("worker"))
		return errors.New(strings.ReplaceAll(err.Error(), path, filepath.Join(home, ".config/fxhost/worker/secrets.json")))
	}
	return map[string]error{
		"a setting does not fit":            arguments("--Worker:Interval=5"),
		"a setting is unknown":              file(`{`, `  "Worker": {`, `    "Intervall": "5s"}}`),
		"a setting is written as .NET does": file(`{`, `  "Worker": {`, `    "Interval": "00:00:05"}}`),
		"a size has no unit":                file(`{`, `  "Worker": {`, `    "MaxSize": 5000}}`),
		"a number is given for a text":      file(`{`, `  "Worker": {`, `    "Name": 5}}`),
		"a value is given for a list":       arguments("--Worker:Tags=a,b"),
		"a value that looks secret does not fit": read(
			config.Environment("", []string{"Worker__TokenLifetime=5"})),
		"a level does not exist":           file(`{`, `  "Logging": {"LogLevel": {`, `    "orders": "Verbose"}}}`),
		"a validator refuses a setting":    file(`{`, `  "Worker": {`, `    "Name": "x",`, `    "Limit": 5000}}`),
		"a file does not parse":            file(`{`, `  "Worker": {`, `    "Interval" "5s"}}`),
		"a file cannot be read":            unreadable(),
		"a required file is not there":     read(config.File(filepath.Join(app, "orders.json"))),
		"others may read the user secrets": open(),
		"a file has a key in two cases":    file(`{`, `  "Teams": 1,`, `  "x": 2,`, ``, `  "teams": 3}`),
		"an argument is not a setting":     arguments("word"),
	}
}

func TestTheErrorsOfTheConfigurationAreThoseOfTheTable(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the texts are those of Unix")
	}
	for _, name := range []string{"HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(name, t.TempDir())
	}
	app, home := t.TempDir(), "/home/ada"
	made := configErrors(t, app, home)
	p := section(t, readPage(t, "docs/reference/errors.md"), "## What the texts look like")
	var documented, source []string
	for situation := range made {
		source = append(source, situation)
	}
	for _, row := range tableRows(p) {
		shown, ok := strings.CutPrefix(strings.Trim(row[1], "`"), "config: ")
		if !ok {
			continue
		}
		documented = append(documented, row[0])
		if os.Getuid() == 0 && row[0] == "a file cannot be read" {
			continue // root can
		}
		if err := made[row[0]]; err == nil || strings.ReplaceAll(err.Error(), app, "/app") != "config: "+shown {
			t.Errorf("%s:\nthe page shows %s\nbut it is       %v", row[0], "config: "+shown, err)
		}
	}
	compare(t, p.path, documented, source)
}
