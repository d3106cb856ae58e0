package hosted

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// rank is the place of a service among all. Hooks and callbacks are in the middle.
type rank int

const (
	first rank = iota - 1
	middle
	last
)

// First starts the service before all services that are not First and all hooks of
// fx.Lifecycle, also those of what its constructor takes, and stops it after them: a
// listener that reports on the host answers during the whole start and stop. Services
// that are First keep their registration order. If services start concurrently,
// those that are First are a layer of their own.
func First() ServiceOption { return rankOption(first) }

// Last starts the service after all services that are not Last and all hooks of
// fx.Lifecycle, and stops it before them: a web server takes its first request when
// everything is ready, and its last one while everything still is (.NET: the web
// server is registered last). Otherwise it is like [First].
func Last() ServiceOption { return rankOption(last) }

func rankOption(r rank) ServiceOption {
	return optionFunc(func(o *serviceOptions) {
		if o.rank != middle && o.rank != r {
			o.err = errors.Join(o.err, errors.New("hosted.First and hosted.Last contradict each other: remove one"))
		}
		o.rank = r
	})
}

// After starts the service after all services of type T, and stops it before them.
// Otherwise services keep their registration order. Services that start or stop
// concurrently do so in layers, the first of which has the services without After. A
// type that is not registered, a cycle, and an After that [First] or [Last]
// contradicts are errors: of Build in package host, and of the start in an application
// that fx runs. A service that needs one with After needs an After, too.
func After[T HostedService]() ServiceOption {
	return optionFunc(func(o *serviceOptions) { o.after = append(o.after, reflect.TypeFor[T]()) })
}

// order puts each service behind those it has to come after.
func (r *runner) order() error {
	var errs []error
	services := r.list()
	for _, s := range services {
		for _, t := range s.options.after {
			found := false
			for _, other := range services {
				if !other.is(t) {
					continue
				}
				found = true
				if other.options.rank <= s.options.rank {
					s.member.After = append(s.member.After, other.member)
				} else {
					errs = append(errs, contradiction(s, other))
				}
			}
			if !found {
				errs = append(errs, fmt.Errorf("hosted: service %q (%v) comes after a %v, which is not registered: "+
					"register it with hosted.AddHostedService, or remove the hosted.After", s.name, s.place, t))
			}
		}
	}
	if cycle := r.walk.Order(); len(cycle) > 0 {
		var names []string
		for _, m := range append(cycle, cycle[0]) {
			names = append(names, fmt.Sprintf("%q", m.Participant.(*registered).name)) //nolint:forcetypeassert // only services come after others
		}
		errs = append(errs, fmt.Errorf("hosted: services come after each other in a cycle: %s: remove one hosted.After",
			strings.Join(names, " after ")))
	}
	return errors.Join(errs...)
}

// contradiction is the error of a service that comes after one whose rank is higher.
func contradiction(s, other *registered) error {
	both := fmt.Sprintf("hosted: service %q (%v) comes after %q (%v), ", s.name, s.place, other.name, other.place)
	switch {
	case s.options.rank == middle:
		return errors.New(both + "which has hosted.Last: give it to both, or remove one of the two options")
	case other.options.rank == middle:
		return errors.New(both + "and has hosted.First: give it to both, or remove one of the two options")
	default:
		return errors.New(both + "and has hosted.First, while the other has hosted.Last: remove one of the three options")
	}
}

// is tells whether the service was registered as a t, or is one.
func (s *registered) is(t reflect.Type) bool {
	return s.declared == t || reflect.TypeOf(s.service) == t
}
