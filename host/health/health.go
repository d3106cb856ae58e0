package health

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/fxhost/fxhost/hosted"
	"github.com/fxhost/fxhost/internal/printable"
)

// Health answers the probes of a host. It is injectable as *Health and safe for
// concurrent use. Its answers cost no more than a look at each service and check.
type Health struct {
	lifetime *hosted.ApplicationLifetime
	services *hosted.Services
	options  *Options

	mu        sync.Mutex
	checks    []*watched // in the order in which they were added
	addresses []string
}

func newHealth(lifetime *hosted.ApplicationLifetime, services *hosted.Services, options *Options) *Health {
	return &Health{lifetime: lifetime, services: services, options: options}
}

func (h *Health) add(w *watched) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, other := range h.checks {
		if other.name == w.name {
			return fmt.Errorf("health: check %q is added twice, at %v and at %v: remove one, or give it another name",
				w.name, other.place, w.place)
		}
	}
	h.checks = append(h.checks, w)
	return nil
}

func (h *Health) list() []*watched {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.checks)
}

// Addresses are where the probes are served, such as "127.0.0.1:8081", once the host
// starts; empty if there is no server.
func (h *Health) Addresses() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.addresses)
}

// Live returns why the program must be restarted, nil if it need not. It returns nil
// while the host stops: the shutdown timeout bounds that.
func (h *Health) Live() error { return h.Probe(Live) }

// Ready returns why the program must not be given work, nil if it may. From the moment a
// stop is requested, it is not ready.
func (h *Health) Ready() error { return h.Probe(Ready) }

// Startup returns why the program has not started, nil if it has. It stays nil.
func (h *Health) Startup() error { return h.Probe(Startup) }

// Probe is Live, Ready or Startup.
func (h *Health) Probe(p Probe) error {
	if reason := h.problem(p); reason != "" {
		return p.failure(printable.Text(reason))
	}
	return nil
}

// problem is why a probe fails, "" if it passes. The life of the host comes first.
func (h *Health) problem(p Probe) string {
	started, stopping := closed(h.lifetime.Started()), closed(h.lifetime.StopRequested())
	switch p {
	case Live:
		if stopping {
			return ""
		}
	case Startup:
		if !started && stopping {
			return "stopping"
		}
		if !started {
			return "starting"
		}
	default:
		if stopping {
			return "stopping"
		}
		if !started {
			return "starting"
		}
	}
	if p != Startup {
		services, err := h.listServices()
		if err != nil {
			return err.Error()
		}
		for _, s := range services {
			if broken(s.State) {
				return "service " + s.Name + " is " + s.State.String()
			}
		}
	}
	for _, w := range h.list() {
		if !slices.Contains(w.options.tags, p) {
			continue
		}
		if reason := w.problem(p); reason != "" {
			return reason
		}
	}
	return ""
}

// broken tells whether a service does not work any more while the host runs, and
// nothing will change that.
func broken(state hosted.State) bool {
	return slices.Contains([]hosted.State{
		hosted.StateFaulted, hosted.StateStalled, hosted.StateFailed, hosted.StateLeftBehind,
	}, state)
}

// listServices asks services, too, for their last error: code of the user's, which
// must not take the probe down.
func (h *Health) listServices() (services []hosted.ServiceStatus, err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &hosted.PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return h.services.List(), nil
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Report is the answer to a probe with all that it depends on.
type Report struct {
	// Status is unhealthy if the probe fails, and degraded if it passes although a
	// check is not healthy, or a service waits to be restarted.
	Status   Status
	Err      error // of the probe
	Services []hosted.ServiceStatus
	Checks   []CheckReport
}

// CheckReport is the last result of a check.
type CheckReport struct {
	Name    string
	Status  Status
	Tags    []Probe       // that it decides
	At      time.Time     // when it ended, zero if it has not run yet
	Elapsed time.Duration // how long it took
	Err     error         // what it returned
}

// Report answers a probe.
func (h *Health) Report(p Probe) Report {
	r := Report{Status: Healthy, Err: h.Probe(p)}
	var err error
	r.Services, err = h.listServices()
	r.Err = errors.Join(r.Err, err)
	for _, s := range r.Services {
		if s.State == hosted.StateWaiting || broken(s.State) {
			r.Status = Degraded
		}
	}
	for _, w := range h.list() {
		c := w.report()
		r.Checks = append(r.Checks, c)
		if c.Status != Healthy {
			r.Status = Degraded
		}
	}
	if r.Err != nil {
		r.Status = Unhealthy
	}
	return r
}
