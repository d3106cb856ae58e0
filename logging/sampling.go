package logging

import (
	"errors"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func (s *sampling) check(p *problems) {
	if s.Every <= 0 {
		p.add("Sampling:Every", errors.New(`want the time to count in, such as "1s"`), "")
	}
	if s.First < 1 {
		p.add("Sampling:First", errors.New("want how many records of a kind to write in each time, 1 or more"), "")
	}
	if s.Thereafter < 0 {
		p.add("Sampling:Thereafter", errors.New("must not be less than zero"), "")
	}
}

// wrap samples what a core writes, if that was asked for. What it drops is counted
// (Z4).
func (s *sampling) wrap(inner zapcore.Core, common *shared) zapcore.Core {
	if s == nil {
		return inner
	}
	return zapcore.NewSamplerWithOptions(inner, s.Every, s.First, s.Thereafter,
		zapcore.SamplerHook(func(_ zapcore.Entry, decision zapcore.SamplingDecision) {
			if decision&zapcore.LogDropped != 0 {
				common.dropped.Add(1)
			}
		}))
}

// Dropped returns how many records section Logging:Sampling has dropped. log is any
// logger that is derived from one of [New].
func Dropped(log *zap.Logger) uint64 {
	if c, ok := log.Core().(*core); ok {
		return c.common().dropped.Load()
	}
	return 0
}
