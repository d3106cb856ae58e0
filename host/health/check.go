package health

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/fxhost/fxhost/internal/caller"
	"github.com/fxhost/fxhost/internal/ctor"
)

// Check reports the health of something that the application needs (.NET:
// IHealthCheck).
type Check interface {
	// CheckHealth returns nil if it is healthy, an error of [AsDegraded] if it works
	// with restrictions, and any other error if it is unhealthy. A panic is such an
	// error. ctx ends with the check's [Timeout], and when the host stops.
	//
	// It is not called again before it has returned.
	CheckHealth(ctx context.Context) error
}

type checkFunc func(context.Context) error

func (f checkFunc) CheckHealth(ctx context.Context) error { return f(ctx) }

// Status is the result of a check, or of a report (.NET: HealthStatus).
type Status uint8

// The statuses, in .NET's order: the lower one is the worse one.
const (
	Unhealthy Status = iota // also if the check has not run yet
	Degraded
	Healthy
)

func (s Status) String() string {
	if s > Healthy {
		return fmt.Sprintf("Status(%d)", uint8(s))
	}
	return [...]string{"unhealthy", "degraded", "healthy"}[s]
}

// MarshalText returns the text of String.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// AsDegraded makes err the error of a [Check] that is degraded, not unhealthy. It
// returns nil for nil.
func AsDegraded(err error) error {
	if err == nil {
		return nil
	}
	return &degradedError{err}
}

type degradedError struct{ err error }

func (e *degradedError) Error() string { return e.err.Error() }
func (e *degradedError) Unwrap() error { return e.err }

// CheckOption is an option of one check.
type CheckOption interface{ apply(*checkOptions) }

type checkOptions struct {
	tags     []Probe
	timeout  time.Duration
	interval time.Duration
	err      error
}

type checkOption func(*checkOptions)

func (f checkOption) apply(o *checkOptions) { f(o) }

// Tags has the check decide the probes: one that is unhealthy, or has not run yet, fails
// them. For [Startup], it has to be healthy or degraded once. Default is none: the
// package comment says why.
func Tags(probes ...Probe) CheckOption {
	return checkOption(func(o *checkOptions) {
		for _, p := range probes {
			if !slices.Contains([]Probe{Live, Ready, Startup}, p) {
				o.err = errors.Join(o.err, fmt.Errorf("health.Tags: no probe %q; there are health.Live, health.Ready and health.Startup", p))
			}
		}
		o.tags = append(o.tags, probes...)
	})
}

// Timeout bounds one run of the check. Default 5s.
func Timeout(limit time.Duration) CheckOption {
	return checkOption(func(o *checkOptions) { o.timeout = o.positive("Timeout", limit) })
}

// Interval is the pause between two runs of the check. Default 10s.
func Interval(pause time.Duration) CheckOption {
	return checkOption(func(o *checkOptions) { o.interval = o.positive("Interval", pause) })
}

func (o *checkOptions) positive(option string, d time.Duration) time.Duration {
	if d <= 0 {
		o.err = errors.Join(o.err, fmt.Errorf("health.%s: %v: must be more than zero", option, d))
	}
	return d
}

// AddCheck adds the check that constructor makes (.NET: AddCheck<T>). constructor is
// anything that fx.Provide accepts; a *zap.Logger that it takes is named health.NAME. If
// it is nil, the application already provides T. The check runs for the first time
// when all hosted services have started. A mistake in the call fails the build with
// an error that names the line of the call.
func AddCheck[T Check](name string, constructor any, options ...CheckOption) fx.Option {
	place := caller.Here()
	d, err := declare(name, place, options)
	provide := fx.Options()
	if constructor != nil && err == nil {
		provide, err = ctor.Named(constructor, reflect.TypeFor[T](), "health."+name)
	}
	if err != nil {
		return fx.Error(fmt.Errorf("health: AddCheck(%q) at %v: %w", name, place, err))
	}
	return fx.Options(provide, fx.Invoke(func(r registration, check T) error { return r.add(d, check) }))
}

// AddCheckOf adds a check of something that the application provides to fx; check is
// mostly a method of it:
//
//	health.AddCheckOf("db", (*sql.DB).PingContext)
func AddCheckOf[T any](name string, check func(T, context.Context) error, options ...CheckOption) fx.Option {
	place := caller.Here()
	d, err := declare(name, place, options)
	if check == nil {
		err = errors.Join(err, errors.New("check is nil"))
	}
	if err != nil {
		return fx.Error(fmt.Errorf("health: AddCheckOf(%q) at %v: %w", name, place, err))
	}
	return fx.Invoke(func(r registration, of T) error {
		return r.add(d, checkFunc(func(ctx context.Context) error { return check(of, ctx) }))
	})
}

// AddCheckFunc adds a check that needs nothing injected.
func AddCheckFunc(name string, check func(ctx context.Context) error, options ...CheckOption) fx.Option {
	place := caller.Here()
	d, err := declare(name, place, options)
	if check == nil {
		err = errors.Join(err, errors.New("check is nil"))
	}
	if err != nil {
		return fx.Error(fmt.Errorf("health: AddCheckFunc(%q) at %v: %w", name, place, err))
	}
	return fx.Invoke(func(r registration) error { return r.add(d, checkFunc(check)) })
}

// declaration is a check as its option describes it.
type declaration struct {
	name    string
	place   caller.Stack
	options checkOptions
}

func declare(name string, place caller.Stack, options []CheckOption) (declaration, error) {
	o := checkOptions{timeout: 5 * time.Second, interval: 10 * time.Second}
	if strings.TrimSpace(name) == "" {
		o.err = errors.New("name is empty")
	}
	for i, option := range options {
		if option == nil {
			o.err = errors.Join(o.err, fmt.Errorf("option %d is nil", i+1))
			continue
		}
		option.apply(&o)
	}
	return declaration{name, place, o}, o.err
}

// registration is what a check is added to.
type registration struct {
	fx.In

	Health *Health `optional:"true"`
}

func (r registration) add(d declaration, check Check) error {
	if r.Health == nil {
		return fmt.Errorf("health: check %q (%v) has nothing to run it: add health.Use()", d.name, d.place)
	}
	if value := reflect.ValueOf(check); !value.IsValid() || value.Kind() == reflect.Pointer && value.IsNil() {
		return fmt.Errorf("health: check %q (%v): its constructor returned nil without an error", d.name, d.place)
	}
	return r.Health.add(&watched{declaration: d, check: check})
}
