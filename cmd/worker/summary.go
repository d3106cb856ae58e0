package main

import (
	"context"
	"encoding/json"
	"path/filepath"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/background"
)

// Summary writes at an interval, and once more at the end, what the worker did
// since its start: to a file, and to the log if there is something new. A
// summary that cannot be written is logged and does not keep orders waiting.
type Summary struct {
	background.BackgroundService

	options *Options
	tally   *Tally
	log     *zap.Logger
	logged  Counts // by the last record
	trouble string // the last one, so that it is logged once
}

// NewSummary returns a summary of tally.
func NewSummary(options *Options, tally *Tally, log *zap.Logger) *Summary {
	return &Summary{options: options, tally: tally, log: log, logged: tally.Counts()}
}

// ExecuteAsync writes a summary at each tick and when ctx has ended: the host
// stops the watcher first, so that the last one has everything.
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
