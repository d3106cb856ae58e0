package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/fxhost/fxhost/internal/printable"
	"github.com/fxhost/fxhost/internal/usersecrets"
)

// run does what the command says. What was changed is told with the name of the
// application, which may be that of the wrong folder.
func (c command) run(in *os.File, out, errs io.Writer) error {
	if c.help {
		return write(out, usage)
	}
	app, err := c.application()
	if err != nil {
		return err
	}
	switch c.verb {
	case "set":
		value, err := c.value(app, in, errs)
		if err != nil {
			return err
		}
		if err := usersecrets.Set(app, c.words[0], value); err != nil {
			return err
		}
		return write(out, "set "+c.words[0]+" of "+app+"\n")
	case "remove":
		if err := usersecrets.Remove(app, c.words[0]); err != nil {
			return err
		}
		return write(out, "removed "+printable.Text(c.words[0])+" of "+app+"\n")
	case "list":
		keys, err := usersecrets.List(app)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := write(out, printable.Text(key)+"\n"); err != nil {
				return err
			}
		}
		return nil
	default: // path
		path, err := usersecrets.Path(app)
		if err != nil {
			return err
		}
		return write(out, path+"\n")
	}
}

func write(out io.Writer, text string) error {
	_, err := io.WriteString(out, text)
	return err
}

// application is the one that was given, or that of the working directory.
func (c command) application() (string, error) {
	if c.app != "" {
		return c.app, nil
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("the working directory is not known, so write --app NAME: %w", err)
	}
	if filepath.Dir(folder) == folder {
		return "", errors.New("the working directory is the root and has no name; write --app NAME")
	}
	return filepath.Base(folder), nil
}
