package main

import (
	"context"
	"encoding/json"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
)

// Summary writes what the worker has done since its start to a file, at an interval
// and once more at the end, and logs it if it has changed. If the file cannot be
// written, this is logged, and the worker continues.
type Summary struct {
	background.BackgroundService

	options *Options
	tally   *Tally
	log     *zap.Logger
	logged  Counts // in the last log record
	trouble string // the last one, so that it is logged once
}

// NewSummary returns a summary of tally.
func NewSummary(options *Options, tally *Tally, log *zap.Logger) *Summary {
	return &Summary{options: options, tally: tally, log: log, logged: tally.Counts()}
}

// ExecuteAsync writes a summary at each tick and when ctx has ended. The host stops
// the watcher first, so the last summary is complete.
func (s *Summary) ExecuteAsync(ctx context.Context) error {
	timer := background.NewPeriodicTimer(s.options.SummaryInterval)
	defer timer.Stop()
	for timer.WaitForNextTick(ctx) {
		counts := s.tally.Counts()
		s.write(counts)
		if counts != s.logged {
			s.report("summary", counts)
		}
	}
	counts := s.tally.Counts()
	s.write(counts)
	s.report("final summary", counts)
	return nil
}

func (s *Summary) report(message string, counts Counts) {
	s.logged = counts
	s.log.Info(message, zap.Int("accepted", counts.Accepted), zap.Int("repeated", counts.Repeated),
		zap.Int("failed", counts.Failed), zap.Int("duplicates", counts.Duplicates),
		zap.Int64("total_cents", counts.TotalCents))
}

func (s *Summary) write(counts Counts) {
	content, err := json.MarshalIndent(counts, "", "  ")
	if err == nil {
		err = makeFolder(filepath.Dir(s.options.Summary))
	}
	if err == nil {
		err = replaceFile(s.options.Summary, append(content, '\n'))
	}
	switch {
	case err == nil:
		s.trouble = ""
	case s.trouble != err.Error():
		s.trouble = err.Error()
		s.log.Warn("summary not written", zap.String("file", s.options.Summary), zap.Error(err))
	}
}
