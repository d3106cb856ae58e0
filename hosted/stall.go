package hosted

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/fxhost/fxhost/internal/beat"
	"github.com/fxhost/fxhost/internal/fields"
)

// StallTimeout bounds the time between two calls of background.Beat: when it has
// passed, the service is [StateStalled] until the next call, and the stacks of its
// goroutines are logged, once. It counts while the service runs, of a job during
// each run. Default is no limit.
func StallTimeout(limit time.Duration) ServiceOption {
	return optionFunc(func(o *serviceOptions) {
		o.stallTimeout = o.positive("StallTimeout", limit)
		// A program without this option does not link what writes the stacks: 300 KB.
		o.watchBeats = (*registered).watchBeats
	})
}

// FaultOnStall makes a fault of a StallTimeout that has passed, see [OnFault].
func FaultOnStall() ServiceOption {
	return optionFunc(func(o *serviceOptions) { o.faultOnStall = true })
}

// checkStall refuses a FaultOnStall without a limit.
func (o *serviceOptions) checkStall() error {
	if o.faultOnStall && o.stallTimeout == 0 {
		return errors.New("hosted.FaultOnStall: add hosted.StallTimeout")
	}
	return nil
}

// watchBeats makes the Watch of the beats.
func (s *registered) watchBeats() {
	s.beats = beat.New(s.name, s.options.stallTimeout, s.stallChanged)
}

// startWatched calls StartAsync, with the Watch of the beats.
func (s *registered) startWatched(ctx context.Context) (err error) {
	if s.beats == nil {
		return s.service.StartAsync(ctx)
	}
	s.beats.Run(ctx, func(ctx context.Context) { err = s.service.StartAsync(ctx) })
	if err == nil {
		s.beats.BeginUnlessTaken()
	}
	return err
}

// stallChanged is called when the beats are missing, and when they come again.
func (s *registered) stallChanged(stalled bool) {
	limit := zap.Duration(fields.Limit, s.options.stallTimeout)
	if !stalled {
		s.runner.log.Info("service goes on", s.field())
		return
	}
	s.runner.log.Error("service stalled", s.field(), limit, zap.String(fields.Stack, s.beats.Stack()))
	if s.options.faultOnStall {
		s.workEnded(&TimeoutError{Name: "stall", Limit: s.options.stallTimeout})
	}
}
