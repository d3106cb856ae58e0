package systemd

import (
	"fmt"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/host"
	"github.com/fxhost/fxhost/internal/outline"
	given "github.com/fxhost/fxhost/internal/sockets"
)

// Option changes what [Use] does.
type Option interface{ apply(s *settings) }

type optionFunc func(*settings)

func (f optionFunc) apply(s *settings) { f(s) }

type settings struct {
	active *bool
	live   []func() error
	extend time.Duration
	err    error
}

// DefaultExtendTimeout is the default of [ExtendTimeout].
const DefaultExtendTimeout = 30 * time.Second

// Active decides whether the program runs under systemd, instead of what [Use]
// finds out. true has no effect on systems other than Linux.
func Active(active bool) Option {
	return optionFunc(func(s *settings) { s.active = &active })
}

// Live adds a condition for the watchdog: while f returns an error, or has not
// returned, systemd is not told that the host is live, and restarts it when
// WatchdogSec= has passed. f is called at half of that, from one goroutine, while the
// host runs; a panic is an error. It should look at the program itself only: a
// restart does not mend a database.
//
// Without Live, a host is live unless a service is in [hosted.StateStalled], and with
// health.Use() unless the probe for liveness fails.
//
// [hosted.StateStalled]: https://pkg.go.dev/github.com/fxhost/fxhost/hosted#StateStalled
func Live(f func() error) Option {
	return optionFunc(func(s *settings) {
		if f == nil {
			s.err = fmt.Errorf("systemd: Live: the function is nil")
			return
		}
		s.live = append(s.live, f)
	})
}

// ExtendTimeout is how long systemd waits, from each change of a service's state
// during the start and the stop of the host, before it considers the host hung.
// Shorter than TimeoutStartSec= and TimeoutStopSec= it has no effect until these have
// passed. Default is [DefaultExtendTimeout].
func ExtendTimeout(d time.Duration) Option {
	return optionFunc(func(s *settings) {
		if d <= 0 {
			s.err = fmt.Errorf("systemd: ExtendTimeout: %v: want more than zero", d)
			return
		}
		s.extend = d
	})
}

// Use has builder's host run as a service of systemd if the program runs under
// systemd, see the package's documentation (.NET: UseSystemd). Call it once, and
// before Build. *[Notifier] and *[Sockets] are injectable from then on, everywhere. A
// server of web.AddServer listens on the sockets of its name, if there are some,
// instead of on its Urls.
//
// A program runs under systemd if the variable NOTIFY_SOCKET is set, or systemd is
// its parent, or has started it as SYSTEMD_EXEC_PID says. Otherwise the host keeps its
// lifetime. When the host is built, the variables of systemd are removed from the
// environment, since they are not for the children of the program.
func Use(builder *host.Builder, options ...Option) {
	s := settings{extend: DefaultExtendTimeout}
	for i, o := range options {
		if o == nil {
			s.err = fmt.Errorf("systemd: Use: option %d is nil", i+1)
			continue
		}
		o.apply(&s)
	}
	notifier, sockets := &Notifier{}, &Sockets{}
	builder.Add(fx.Supply(notifier, sockets), fx.Provide(func() given.Listeners { return sockets.Listeners }),
		outline.DeclareNotifier())
	if s.err != nil {
		builder.Add(fx.Error(s.err))
	}
	if !s.isActive() {
		return
	}
	if builder.Logging.Formatter == "" && isJournal(builder.Logging.Output) {
		builder.Logging.Formatter = "systemd"
	}
	l := newLifetime(s, builder.Configuration, notifier, sockets)
	builder.UseLifetime(l)
	// A module, so that it comes before what the application invokes.
	builder.Add(fx.Module("fxhost.systemd", fx.Invoke(l.follow)))
}
