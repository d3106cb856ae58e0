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
	"github.com/fxhost/fxhost/internal/fields"
)

// AddHostedService provides the constructor of T to fx and registers T, so that
// the host of the application starts and stops it (.NET: AddHostedService<T>). T is
// a singleton and injectable like any other. Services start in the order in which
// they are added; those of a child module start before those of its parent.
//
// constructor is anything that fx.Provide accepts; if it is nil, the application
// already provides T. A *zap.Logger or *slog.Logger that it takes, also in an fx.In
// struct, is named after the service. For the result of fx.Annotate, this costs an
// fx.Module for each service, which is fine for tens of services and slow for
// thousands.
//
// The application needs [Module], or package host, to run its services. A mistake
// in the call fails fx.New with an error that names the line of the call. The compiler
// finds two others:
//   - "missing method StartAsync": T is no service yet. Embed background.BackgroundService
//     in its type, or write a pointer: AddHostedService[*Worker], not [Worker].
//   - "cannot infer T": write the type of the service in brackets.
func AddHostedService[T HostedService](constructor any, options ...ServiceOption) fx.Option {
	place := caller.Here()
	d := declare(reflect.TypeFor[T](), place, options)
	d.takes = ctor.Takes(constructor)
	register := fx.Invoke(func(r registration, service T) error { return r.register(d, service) })
	provide, err := fx.Options(), d.options.err
	if constructor != nil && err == nil {
		provide, err = ctor.Named(constructor, reflect.TypeFor[T](), d.name)
	}
	if err != nil {
		return fx.Error(fmt.Errorf("hosted: AddHostedService[%v] at %v: %w", reflect.TypeFor[T](), place, err))
	}
	return fx.Options(provide, register)
}

// AddInstance registers an existing service. It is not injectable, so that a
// program can have several services of one type; each needs a [Name] of its own
// (.NET: AddSingleton<IHostedService>(instance)).
func AddInstance(service HostedService, options ...ServiceOption) fx.Option {
	place := caller.Here()
	if isNil(service) {
		return fx.Error(fmt.Errorf("hosted: AddInstance(%T) at %v: service is nil", service, place))
	}
	d := declare(reflect.TypeOf(service), place, options)
	if err := d.options.err; err != nil {
		return fx.Error(fmt.Errorf("hosted: AddInstance(%T) at %v: %w", service, place, err))
	}
	return fx.Invoke(func(r registration) error { return r.register(d, service) })
}

// AddFactory registers the service that factory returns. factory is called once
// for each application that is built with the option. Otherwise it is like
// [AddInstance], but the service needs a [Name] (.NET: AddHostedService(factory)).
func AddFactory(factory func() HostedService, options ...ServiceOption) fx.Option {
	place := caller.Here()
	d := declare(nil, place, options)
	err := d.options.err
	switch {
	case factory == nil:
		err = errors.Join(err, errors.New("factory is nil"))
	case d.name == "" && err == nil:
		err = errors.New("no name: add hosted.Name")
	}
	if err != nil {
		return fx.Error(fmt.Errorf("hosted: AddFactory at %v: %w", place, err))
	}
	return fx.Invoke(func(r registration) error { return r.register(d, factory()) })
}

// registrar is where services are registered. fx can make one only after all checks
// that come before the constructors of services have passed.
type registrar struct {
	runner *runner
	group  *group // nil outside of one
}

// registration is what a registration takes from fx, before the service itself. The
// registrar is optional so that a missing Module has an error that says what to do.
type registration struct {
	fx.In

	With *registrar `optional:"true"`
}

// register adds the service. It must not change d, which belongs to the option:
// another application may be built with it.
func (in registration) register(d declared, service HostedService) error {
	if in.With == nil {
		return fmt.Errorf("hosted: service %q (%v) has nothing to run it: add hosted.Module() to the options of fx.New, "+
			"not within an fx.Module, or build the application with package host", d.name, d.place)
	}
	r, group := in.With.runner, in.With.group
	if isNil(service) {
		return fmt.Errorf("hosted: service %q (%v): its constructor returned nil without an error", d.name, d.place)
	}
	s := &registered{
		participant: participant{r, fields.Service, d.name},
		service:     service, declared: d.as, place: d.place, options: d.options, takes: d.takes,
	}
	if watch := s.options.watchBeats; watch != nil {
		watch(s)
	}
	if err := s.supervise(group); err != nil {
		return fmt.Errorf("hosted: service %q (%v): %w", d.name, d.place, err)
	}
	return r.add(s)
}

func isNil(service HostedService) bool {
	value := reflect.ValueOf(service)
	return !value.IsValid() || value.Kind() == reflect.Pointer && value.IsNil()
}

// ServiceOption is an option of one service.
type ServiceOption interface{ apply(*serviceOptions) }

type serviceOptions struct {
	name         string
	startTimeout time.Duration
	stopTimeout  time.Duration
	stallTimeout time.Duration
	faultOnStall bool
	watchBeats   func(*registered) // nil without a stallTimeout
	onFault      FaultPolicy       // nil if there is no option
	rank         rank
	after        []reflect.Type
	err          error
}

type optionFunc func(*serviceOptions)

func (f optionFunc) apply(o *serviceOptions) { f(o) }

// Name is the name of the service in logs, errors and [Services]. Default is its
// type with the package, such as "orders.Importer".
func Name(name string) ServiceOption {
	return optionFunc(func(o *serviceOptions) {
		o.name = name
		if strings.TrimSpace(name) == "" {
			o.err = errors.Join(o.err, errors.New("hosted.Name: empty name"))
		}
	})
}

// StartTimeout bounds StartAsync of the service, within [Options].StartupTimeout.
// Default is no limit.
func StartTimeout(limit time.Duration) ServiceOption {
	return optionFunc(func(o *serviceOptions) { o.startTimeout = o.positive("StartTimeout", limit) })
}

// StopTimeout bounds StopAsync of the service, within [Options].ShutdownTimeout.
// Default is no limit.
func StopTimeout(limit time.Duration) ServiceOption {
	return optionFunc(func(o *serviceOptions) { o.stopTimeout = o.positive("StopTimeout", limit) })
}

// OnFault says what happens when the work of the service ends with an error or a
// panic. Default is [StopHost].
func OnFault(policy FaultPolicy) ServiceOption {
	return optionFunc(func(o *serviceOptions) {
		switch p := policy.(type) {
		case faultPolicy:
			o.onFault = p
		case restart:
			complete, err := p.withDefaults()
			o.onFault = restart{complete}
			o.err = errors.Join(o.err, err)
		default:
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

// declared is a service as its option describes it.
type declared struct {
	as      reflect.Type // nil for a factory
	name    string
	place   caller.Stack
	options serviceOptions
	takes   []reflect.Type // by its constructor, as far as that is known
}

func declare(as reflect.Type, place caller.Stack, options []ServiceOption) declared {
	d := declared{as: as, place: place}
	if as != nil {
		d.options.name = typeName(as)
	}
	for i, option := range options {
		if option == nil {
			d.options.err = errors.Join(d.options.err, fmt.Errorf("option %d is nil", i+1))
			continue
		}
		option.apply(&d.options)
	}
	d.options.err = errors.Join(d.options.err, d.options.checkStall())
	d.name = d.options.name
	return d
}

// typeName is the name of t with its package, without a pointer.
func typeName(t reflect.Type) string { return strings.TrimPrefix(t.String(), "*") }
