package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/host"
)

const (
	maxConcurrency = 256
	minInterval    = 10 * time.Millisecond
)

// Options is section Worker of the configuration. Paths are relative to the
// content root. The folders are made when they are missing.
type Options struct {
	// Spool is the folder that orders are taken from. It and its folders work,
	// done and failed must be on one file system. Default "spool".
	Spool string
	// Ledger is the file that accepted orders are appended to. Default
	// "ledger.jsonl".
	Ledger string
	// Summary is the file that says what was done since the start. Default
	// "summary.json".
	Summary string
	// Concurrency is how many orders are handled at a time, 1 to 256. Default 4.
	Concurrency int
	// ScanInterval is the time between two looks into the spool folder, at least
	// 10ms. Default 500ms.
	ScanInterval time.Duration
	// SummaryInterval is the time between two summaries, at least 10ms. Default
	// 10s. Another one is written at the end.
	SummaryInterval time.Duration
}

// NewOptions reads the options and makes the paths absolute.
func NewOptions(configuration *config.Manager, env *host.Environment) (*Options, error) {
	o := &Options{
		Spool:           "spool",
		Ledger:          "ledger.jsonl",
		Summary:         "summary.json",
		Concurrency:     4,
		ScanInterval:    500 * time.Millisecond,
		SummaryInterval: 10 * time.Second,
	}
	if err := configuration.Bind("Worker", o); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	for _, path := range []*string{&o.Spool, &o.Ledger, &o.Summary} {
		*path = filepath.Clean(env.Path(*path))
	}
	return o, o.checkPaths()
}

func (o *Options) check() error {
	var errs []error
	refuse := func(key string, value any, rule string) {
		errs = append(errs, fmt.Errorf("config: Worker:%s: %v: %s", key, value, rule))
	}
	for key, path := range map[string]string{"Spool": o.Spool, "Ledger": o.Ledger, "Summary": o.Summary} {
		if path == "" {
			refuse(key, `""`, "want a path, or leave it out for the default")
		}
	}
	if o.Concurrency < 1 || o.Concurrency > maxConcurrency {
		refuse("Concurrency", o.Concurrency, fmt.Sprintf("want 1 to %d", maxConcurrency))
	}
	if o.ScanInterval < minInterval {
		refuse("ScanInterval", o.ScanInterval, fmt.Sprintf("want at least %v", minInterval))
	}
	if o.SummaryInterval < minInterval {
		refuse("SummaryInterval", o.SummaryInterval, fmt.Sprintf("want at least %v", minInterval))
	}
	return errors.Join(errs...)
}

// checkPaths refuses files where the worker would take them for orders.
func (o *Options) checkPaths() error {
	if o.Ledger == o.Summary {
		return fmt.Errorf("config: Worker:Summary: %q: is the ledger; give it a file of its own", o.Summary)
	}
	for key, path := range map[string]string{"Ledger": o.Ledger, "Summary": o.Summary} {
		if within, err := filepath.Rel(o.Spool, path); err == nil && filepath.IsLocal(within) {
			return fmt.Errorf("config: Worker:%s: %q: put it outside of the spool folder %q, "+
				"where it could be taken for an order", key, path, o.Spool)
		}
	}
	return nil
}
