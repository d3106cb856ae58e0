package hosted

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/ctor"
	"github.com/fxhost/fxhost/internal/startup"
)

// AddHostedService provides constructor, which makes T, to fx and registers T,
// so that the host of the application starts and stops it
// (.NET: AddHostedService<T>). T is a singleton and injectable as any other.
// Services start in the order in which they are added; those of a child module
// come before those of its parent.
//
// constructor is what fx.Provide takes. When it is nil, T is what the
// application provides already. The *zap.Logger that it takes, also in an fx.In
// struct, is named after the service.
//
// The application needs [Module], or package host, to run its services. A
// mistake in the call is an error of fx.New that names its line.
func AddHostedService[T HostedService](constructor any, options ...ServiceOption) fx.Option {
	place := caller.Here()
	m := newMember(typeName(reflect.TypeFor[T]()), place, options)
	register := fx.Invoke(func(r registrar, service T) error { return r.register(m, service) })
	err := m.options.err
	if constructor != nil && err == nil {
		constructor, err = ctor.Named(constructor, reflect.TypeFor[T](), m.name)
	}
	switch {
	case err != nil:
		return fx.Error(fmt.Errorf("hosted: AddHostedService[%v] at %v: %w", reflect.TypeFor[T](), place, err))
	case constructor == nil:
		return register
	default:
		return fx.Options(fx.Provide(constructor), register)
	}
}

// AddInstance registers a service that was made already. It is not injectable,
// so that a program can have several of one type; each needs a name of its own
// (.NET: AddSingleton<IHostedService>(instance)).
func AddInstance(service HostedService, options ...ServiceOption) fx.Option {
	place := caller.Here()
	if isNil(service) {
		return fx.Error(fmt.Errorf("hosted: AddInstance(%T) at %v: service is nil", service, place))
	}
	m := newMember(typeName(reflect.TypeOf(service)), place, options)
	if err := m.options.err; err != nil {
		return fx.Error(fmt.Errorf("hosted: AddInstance(%T) at %v: %w", service, place, err))
	}
	return fx.Invoke(func(r registrar) error { return r.register(m, service) })
}

// AddFactory registers the service that factory makes, once for each
// application that is built with the option. Otherwise it is as AddInstance,
// but has no name by default (.NET: AddHostedService(factory)).
func AddFactory(factory func() HostedService, options ...ServiceOption) fx.Option {
	place := caller.Here()
	m := newMember("", place, options)
	err := m.options.err
	switch {
	case factory == nil:
		err = errors.Join(err, errors.New("factory is nil"))
	case m.name == "" && err == nil:
		err = errors.New("no name: add hosted.Name")
	}
	if err != nil {
		return fx.Error(fmt.Errorf("hosted: AddFactory at %v: %w", place, err))
	}
	return fx.Invoke(func(r registrar) error { return r.register(m, factory()) })
}

// registrar is what a registration asks fx for, before the service itself. The
// Runner is optional so that its absence gets an error that says what to do.
type registrar struct {
	fx.In

	Passed startup.Passed `optional:"true"`
	Runner *Runner        `optional:"true"`
}

// register adds service as a copy of m, which an application that is built from
// the same options again gets a copy of, too.
func (in registrar) register(m member, service HostedService) error {
	if in.Runner == nil {
		return fmt.Errorf("hosted: service %q (%v) has nothing to run it: "+
			"add hosted.Module() to the options of fx.New, or build the application with package host", m.name, m.place)
	}
	if isNil(service) {
		return fmt.Errorf("hosted: service %q (%v): its constructor returned nil without an error", m.name, m.place)
	}
	m.service = service
	return in.Runner.add(&m)
}

func isNil(service HostedService) bool {
	value := reflect.ValueOf(service)
	return !value.IsValid() || value.Kind() == reflect.Pointer && value.IsNil()
}

func (r *Runner) add(m *member) error {
	if binder, ok := m.service.(Binder); ok {
		if err := binder.Bind(m.service, func() { r.toldEnd(m) }); err != nil {
			return fmt.Errorf("hosted: service %q (%v): %w", m.name, m.place, err)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.services[m.name]; other != nil {
		return fmt.Errorf("hosted: service %q is registered twice, at %v and at %v: "+
			"remove one, or give it another name with hosted.Name", m.name, other.place, m.place)
	}
	if r.begun {
		return fmt.Errorf("hosted: service %q (%v) was registered after the host had started", m.name, m.place)
	}
	m.set(StateRegistered)
	r.members = append(r.members, m)
	r.services[m.name] = m
	if r.attach != nil {
		r.attach() // again, so that the hooks of this service's dependencies come before it
	}
	return nil
}

// ServiceOption is an option of one service.
type ServiceOption interface{ apply(*serviceOptions) }

type serviceOptions struct {
	name         string
	startTimeout time.Duration
	stopTimeout  time.Duration
	onFault      FaultPolicy
	err          error
}

func (o *serviceOptions) policy() FaultPolicy {
	if o.onFault == nil {
		return StopHost
	}
	return o.onFault
}

type optionFunc func(*serviceOptions)

func (f optionFunc) apply(o *serviceOptions) { f(o) }

// Name names the service in logs, errors and [Services]. Default is the type
// with its package, such as "orders.Importer".
func Name(name string) ServiceOption {
	return optionFunc(func(o *serviceOptions) {
		o.name = name
		if strings.TrimSpace(name) == "" {
			o.err = errors.Join(o.err, errors.New("hosted.Name: empty name"))
		}
	})
}

// StartTimeout bounds StartAsync of the service, within the start of the host.
// Default is no limit of its own.
func StartTimeout(limit time.Duration) ServiceOption {
	return optionFunc(func(o *serviceOptions) { o.startTimeout = o.positive("StartTimeout", limit) })
}

// StopTimeout bounds StopAsync of the service, within the shutdown budget of
// the host. Default is no limit of its own.
func StopTimeout(limit time.Duration) ServiceOption {
	return optionFunc(func(o *serviceOptions) { o.stopTimeout = o.positive("StopTimeout", limit) })
}

// OnFault says what a fault of the service leads to. Default is [StopHost].
func OnFault(policy FaultPolicy) ServiceOption {
	return optionFunc(func(o *serviceOptions) {
		o.onFault = policy
		if policy == nil {
			o.err = errors.Join(o.err, errors.New("hosted.OnFault: nil policy"))
		}
	})
}

func (o *serviceOptions) positive(option string, limit time.Duration) time.Duration {
	if limit <= 0 {
		o.err = errors.Join(o.err,
			fmt.Errorf("hosted.%s: %v: must be more than zero; leave the option out for no limit", option, limit))
	}
	return limit
}

func newMember(name string, place caller.Stack, options []ServiceOption) member {
	m := member{place: place}
	m.options.name = name
	for i, option := range options {
		if option == nil {
			m.options.err = errors.Join(m.options.err, fmt.Errorf("option %d is nil", i+1))
			continue
		}
		option.apply(&m.options)
	}
	m.name = m.options.name
	return m
}

// typeName is the name of t with its package, without a pointer.
func typeName(t reflect.Type) string { return strings.TrimPrefix(t.String(), "*") }
