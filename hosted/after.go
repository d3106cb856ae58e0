package hosted

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// After starts the service after all services of type T, and stops it before them.
// Otherwise services keep their registration order. Services that start or stop
// concurrently do so in layers, the first of which has the services without After. A
// type that is not registered and a cycle are errors: of Build in package host, and
// of the start in an application that fx runs. A service that needs one with After
// needs an After, too.
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
				if other.is(t) {
					found = true
					s.member.After = append(s.member.After, other.member)
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

// is tells whether the service was registered as a t, or is one.
func (s *registered) is(t reflect.Type) bool {
	return s.declared == t || reflect.TypeOf(s.service) == t
}
