package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
)

const (
	maxConcurrency = 256
	minInterval    = 10 * time.Millisecond
)

// Options is section Worker of the configuration. Paths are relative to the
// content root. Missing folders are created.
type Options struct {
	// Spool is the folder that orders are taken from. It and its folders work,
	// done and failed must be on one file system. Default "spool".
	Spool string
	// Ledger is the file that accepted orders are appended to. Default
	// "ledger.jsonl".
	Ledger string
	// Summary is the file that counts what was done since the start. Default
	// "summary.json".
	Summary string
	// Concurrency is how many orders are handled at a time, 1 to 256. Default 4.
	Concurrency int
	// ScanInterval is the time between two scans of the spool folder, at least
	// 10ms. Default 500ms.
	ScanInterval time.Duration
	// SummaryInterval is the time between two summaries, at least 10ms. Default
	// 10s. One more is written at the end.
	SummaryInterval time.Duration
}

// configure provides the options, with absolute paths.
func configure(env *host.Environment) fx.Option {
	return config.Configure("Worker", optionsBelow(env)...)
}

func optionsBelow(env *host.Environment) []config.Option[Options] {
	return []config.Option[Options]{
		config.Default(Options{
			Spool:           "spool",
			Ledger:          "ledger.jsonl",
			Summary:         "summary.json",
			Concurrency:     4,
			ScanInterval:    500 * time.Millisecond,
			SummaryInterval: 10 * time.Second,
		}),
		config.PostConfigure(func(o *Options) {
			for _, path := range []*string{&o.Spool, &o.Ledger, &o.Summary} {
				if *path != "" {
					*path = filepath.Clean(env.Path(*path))
				}
			}
		}),
	}
}

// Validate is called by [config.Configure].
func (o *Options) Validate() error {
	var errs []error
	refuse := func(key, rule string, args ...any) {
		errs = append(errs, &config.KeyError{Key: key, Err: fmt.Errorf(rule, args...)})
	}
	if o.Spool == "" {
		refuse("Spool", "want a path, or leave it out for the default")
	}
	for key, path := range map[string]string{"Ledger": o.Ledger, "Summary": o.Summary} {
		if path == "" {
			refuse(key, "want a path, or leave it out for the default")
		} else if within, err := filepath.Rel(o.Spool, path); err == nil && filepath.IsLocal(within) {
			refuse(key, "put it outside of the spool folder %q, where it could be taken for an order", o.Spool)
		}
	}
	if o.Ledger == o.Summary {
		refuse("Summary", "is the ledger; give it a file of its own")
	}
	if o.Concurrency < 1 || o.Concurrency > maxConcurrency {
		refuse("Concurrency", "want 1 to %d", maxConcurrency)
	}
	if o.ScanInterval < minInterval {
		refuse("ScanInterval", "want at least %v", minInterval)
	}
	if o.SummaryInterval < minInterval {
		refuse("SummaryInterval", "want at least %v", minInterval)
	}
	return errors.Join(errs...)
}
