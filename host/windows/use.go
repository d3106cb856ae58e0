package windows

import (
	"fmt"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"

	"github.com/fxhost/fxhost/host"
)

// Option changes what [Use] does.
type Option interface{ apply(s *settings) }

type optionFunc func(*settings)

func (f optionFunc) apply(s *settings) { f(s) }

type settings struct {
	active *bool
	hint   time.Duration
	source string // of the event log
	level  zapcore.Level
	err    error
}

// DefaultWaitHint is the default of [WaitHint].
const DefaultWaitHint = 30 * time.Second

// Active decides whether the program runs as a service, instead of what [Use] finds
// out. If it is true, and no service manager has started the program, the host is not
// built. true has no effect on other systems.
func Active(active bool) Option {
	return optionFunc(func(s *settings) { s.active = &active })
}

// WaitHint is how long the service manager is told to wait, from each change of a
// service's state during the start and the stop of the host, before it considers the
// host hung. Default is [DefaultWaitHint].
func WaitHint(d time.Duration) Option {
	return optionFunc(func(s *settings) {
		if d < time.Millisecond || d.Milliseconds() > maxHint {
			s.err = fmt.Errorf("windows: WaitHint: %v: want 1ms to %v", d, maxHint*time.Millisecond)
			return
		}
		s.hint = d
	})
}

// maxHint is the longest one, in milliseconds.
const maxHint = 1<<32 - 1

// EventLog writes records of level and above to the Windows event log, too, if the
// program runs as a service (.NET: AddEventLog, which takes warnings and above). The
// source is the name that they have there; who installs the service registers it, for
// example with New-EventLog of PowerShell. Levels by category apply before.
func EventLog(source string, level zapcore.Level) Option {
	return optionFunc(func(s *settings) {
		if source == "" {
			s.err = fmt.Errorf("windows: EventLog: the source is empty: give it the name of the service")
			return
		}
		s.source, s.level = source, level
	})
}

// Use has builder's host run as a Windows service if the service manager has started
// the program, see the package's documentation (.NET: UseWindowsService). Call it
// once, and before Build. Otherwise, and on other systems, the host keeps its lifetime.
func Use(builder *host.Builder, options ...Option) {
	s := settings{hint: DefaultWaitHint}
	for i, o := range options {
		if o == nil {
			s.err = fmt.Errorf("windows: Use: option %d is nil", i+1)
			continue
		}
		o.apply(&s)
	}
	if s.err != nil {
		builder.Add(fx.Error(s.err))
	}
	if !s.isActive() {
		return
	}
	if err := s.addEventLog(builder.Logging); err != nil {
		builder.Add(fx.Error(err))
	}
	s.install(builder, dispatch)
}

// install has the host live as the service manager says.
func (s *settings) install(builder *host.Builder, dispatch dispatcher) {
	l := newLifetime(s.hint, dispatch)
	builder.UseLifetime(l)
	// A module, so that it comes before what the application invokes.
	builder.Add(fx.Module("fxhost.windows", fx.Invoke(l.follow)))
}
