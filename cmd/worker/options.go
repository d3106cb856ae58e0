package main

import (
	"errors"
	"time"

	"github.com/fxhost/fxhost/config"
)

// Options is section Inbox of the configuration.
type Options struct {
	Folder   string        // with the files, relative to the content root
	Interval time.Duration // between two looks into the folder
	MaxCount int           // the most that one line may sell
}

// Validate is called at the start and whenever the settings are edited. What it
// refuses is never used: the program does not start, or keeps the values it has.
func (o *Options) Validate() error {
	if o.Interval <= 0 {
		return &config.KeyError{Key: "Interval", Err: errors.New("must be positive")}
	}
	return nil
}
