package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"github.com/fxhost/fxhost/config"
	"github.com/fxhost/fxhost/logging"
)

// ErrBuilt is returned by a second Build or Run of one builder.
var ErrBuilt = errors.New("host: the builder has built its host already: make another one with NewBuilder")

// Builder collects what a host is made of (.NET: HostApplicationBuilder). Make
// it with [NewBuilder] or [NewEmptyBuilder]; it is for one goroutine and one
// host.
type Builder struct {
	// Configuration has the sources of [NewBuilder]; sources that are added win
	// over them and take effect at once.
	Configuration *config.Manager
	// Environment was read from the configuration by [NewBuilder]; changes reach
	// the application, but not the choice of files that were read.
	Environment *Environment
	// Logging is what code has to say about the logger.
	Logging *logging.Settings

	options   []fx.Option
	configure []func(*Options)
	lifetime  Lifetime
	err       error
	built     bool
}

// NewBuilder returns a builder with the usual configuration, in this order, so
// that the last one wins (CF-1):
//
//   - environment variables FXHOST_*, and args, for "environment",
//     "contentRoot" and "applicationName"
//   - appsettings.{json,yaml,yml,toml} in the content root
//   - appsettings.{Environment}.{json,yaml,yml,toml}
//   - {ApplicationName}.settings and {ApplicationName}.settings.{Environment} with
//     the same extensions (CF-3)
//   - in Development, [config.UserSecrets] of the application (CG-14)
//   - all environment variables; "__" in a name stands for ":"
//   - args: --key value, --key=value, --flag, --no-flag
//
// args are those of the program, without its name; opts are those of
// [config.CommandLine], such as short switches. What is wrong with a source is the
// error of Build. The files are watched while the host runs, see
// [Options.ReloadConfigOnChange].
func NewBuilder(args []string, opts ...config.CommandLineOption) *Builder {
	b := NewEmptyBuilder()
	b.add(config.Environment("FXHOST_", nil), config.CommandLine(args, opts...))
	b.setEnvironment()
	e := b.Environment
	b.add(config.AppSettings(e.ContentRoot, e.Name)...)
	b.add(config.ApplicationSettings(e.ContentRoot, e.ApplicationName, e.Name)...)
	if e.IsDevelopment() {
		b.add(config.UserSecrets(e.ApplicationName))
	}
	b.add(config.Environment("", nil), config.CommandLine(args, opts...))
	return b
}

// NewEmptyBuilder returns a builder without any source of configuration
// (.NET: Host.CreateEmptyApplicationBuilder). It still listens to signals.
func NewEmptyBuilder() *Builder {
	b := &Builder{
		Configuration: &config.Manager{},
		Logging:       &logging.Settings{},
		lifetime:      &ConsoleLifetime{},
	}
	b.setEnvironment()
	return b
}

func (b *Builder) add(sources ...config.Source) {
	// The first error is enough: what failed is missing for those that follow.
	if b.err == nil {
		b.err = b.Configuration.Add(sources...)
	}
}

func (b *Builder) setEnvironment() {
	environment, err := newEnvironment(b.Configuration)
	if err != nil {
		environment = &Environment{Name: Production}
		b.err = errors.Join(b.err, err)
	}
	b.Environment = environment
}

// Add adds options of fx: constructors, modules, hosted services. It panics
// after Build, when it would have no effect.
func (b *Builder) Add(options ...fx.Option) {
	b.notBuilt("Add")
	b.options = append(b.options, options...)
}

func (b *Builder) notBuilt(method string) {
	if b.built {
		panic("host: Builder." + method + " after Build has no effect: call it before")
	}
}

// ConfigureOptions has configure change the host's options, after the
// configuration was read (.NET: ConfigureHostOptions). Several run in the order
// in which they were added.
func (b *Builder) ConfigureOptions(configure func(*Options)) {
	b.notBuilt("ConfigureOptions")
	b.configure = append(b.configure, configure)
}

// UseLifetime replaces the [ConsoleLifetime]. nil stands for none: then only
// the program itself stops the host.
func (b *Builder) UseLifetime(lifetime Lifetime) {
	b.notBuilt("UseLifetime")
	if lifetime == nil {
		lifetime = noLifetime{}
	}
	b.lifetime = lifetime
}

// Build makes the host: it runs the constructors of all hosted services and of
// what they need, and starts nothing. The error names the constructor and line
// that it is about, and what to write instead. It is [ErrBuilt] for a second
// call.
//
// Signals are listened to from the start of Build to the end of [Host.Stop].
func (b *Builder) Build() (*Host, error) {
	h, err := b.prepare(context.Background())
	if err != nil {
		return nil, err
	}
	if err := h.construct(b.options); err != nil {
		return nil, h.finish(context.Background(), err)
	}
	return h, nil
}

// Validate checks that fx could build the application, without running any
// constructor. Build does it, too, by running them; this is for a test, and may
// be called before Build.
func (b *Builder) Validate() error {
	if b.err != nil {
		return b.err
	}
	options, log, err := b.read()
	if err != nil {
		return err
	}
	h := newHost(b, options, log)
	defer h.release()
	return h.events.explain(fx.ValidateApp(h.graph(b.options)))
}

// Run builds the host and runs it until it has stopped, see [Host.Run]. What
// goes wrong is logged and returned.
//
// Unlike Build it does not wait for ever for a constructor that does not
// return: not longer than the startup timeout, and not longer than the shutdown
// timeout once a stop was asked for.
func (b *Builder) Run(ctx context.Context) error {
	h, err := b.prepare(ctx)
	if err != nil {
		return reported(logging.Bootstrap().Named("fxhost"), err)
	}
	if limit := h.options.StartupTimeout; limit > 0 {
		h.startBy = time.Now().Add(limit)
	}
	if err := h.constructWithin(ctx, b.options); err != nil {
		return reported(h.log, h.finish(ctx, err))
	}
	return h.Run(ctx)
}

// prepare makes all that the application is built with.
func (b *Builder) prepare(ctx context.Context) (*Host, error) {
	if b.built {
		return nil, ErrBuilt
	}
	b.built = true
	if b.err != nil {
		return nil, b.err
	}
	options, log, err := b.read()
	if err != nil {
		return nil, err
	}
	h := newHost(b, options, log)
	if err := h.lifetime.WaitForStart(ctx, h.stopFromOutside); err != nil {
		h.release()
		return nil, fmt.Errorf("host: wait for start: %w", err)
	}
	if b.Logging.RedirectGlobals {
		h.restore = logging.RedirectGlobals(log)
	}
	return h, nil
}

// read reads what the host itself needs of the configuration.
func (b *Builder) read() (*Options, *zap.Logger, error) {
	settings := *b.Logging
	settings.ContentRoot = cmp.Or(settings.ContentRoot, b.Environment.ContentRoot)
	options, err := newOptions(b.Configuration, b.configure)
	log, logErr := logging.New(b.Configuration, settings)
	if err != nil && logErr == nil {
		_ = logging.Close(log) // nobody will
	}
	return options, log, errors.Join(err, logErr) // all that is wrong at once
}
