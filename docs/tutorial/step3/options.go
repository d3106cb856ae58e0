package main

import "time"

// Options is section Watcher of the configuration.
type Options struct {
	Folder   string        // whose files are counted
	Interval time.Duration // between two counts
}
