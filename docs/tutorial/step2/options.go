package main

import (
	"time"

	"github.com/fxhost/fxhost/config"
)

// Options is section Watcher of the configuration.
type Options struct {
	Folder   string        // the folder to look into
	Interval time.Duration // the time between two looks
}

// NewOptions reads the section. What the section leaves out stays as it is here.
func NewOptions(configuration *config.Manager) (*Options, error) {
	options := &Options{Folder: "inbox", Interval: time.Second}
	return options, configuration.Bind("Watcher", options)
}
